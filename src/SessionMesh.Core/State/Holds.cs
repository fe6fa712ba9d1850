namespace SessionMesh.Core.State;

/// <summary>How many claims are held of each specialization of an agent. Immutable; most agents share <see cref="None"/>.</summary>
public sealed class Holds
{
    public static readonly Holds None = new([]);

    /// <summary>In no particular order; none is 0. An agent has few specializations, and fewer that are claimed.</summary>
    private readonly (string Skill, int Count)[] _counts;

    private Holds((string, int)[] counts) => _counts = counts;

    /// <summary>Claims of one specialization.</summary>
    public int Of(string skill)
    {
        foreach (var (name, count) in _counts)
        {
            if (name == skill)
            {
                return count;
            }
        }

        return 0;
    }

    /// <summary>All of them, as text, in order.</summary>
    public IEnumerable<string> Entries => _counts.Select(entry => $"{entry.Skill}={entry.Count}").Order(StringComparer.Ordinal);

    public bool Any => _counts.Length > 0;

    internal Holds With(string skill, int more)
    {
        var count = Of(skill) + more;
        (string Skill, int Count)[] others = [.. _counts.Where(entry => entry.Skill != skill)];
        return count > 0 ? new([.. others, (skill, count)])
            : others.Length > 0 ? new(others)
            : None;
    }
}
