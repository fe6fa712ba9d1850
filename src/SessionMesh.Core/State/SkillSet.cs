using System.Buffers;
using System.Text.Json;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.State;

/// <summary>
/// The specializations of an agent. Interned, as <see cref="NameSet"/> is: equality is by reference, and agents that are alike share one.
/// Immutable and thread-safe.
/// </summary>
public sealed class SkillSet
{
    private static readonly WeakTable<SkillSet> s_interned = new(set => set.Key);

    public static readonly SkillSet Empty = Of([]);

    private byte[]? _rowJson;

    private SkillSet(NameSet names, Skill[] skills, string? details)
    {
        (Names, Skills, Details) = (names, skills, details);
        Paths = Array.Exists(skills, skill => skill.Name.Contains(SpecializationName.Separator))
            ? NameSet.Of(names.Names.SelectMany(name => SpecializationName.Above(name).Append(name)))
            : names;
    }

    public NameSet Names { get; }

    /// <summary>In order of their names.</summary>
    public IReadOnlyList<Skill> Skills { get; }

    /// <summary>The names, and every name above one of them: what the agent is found under.</summary>
    public NameSet Paths { get; }

    /// <summary>Those of which more than the name is known, as a JSON array; null where there is none.</summary>
    public string? Details { get; }

    /// <summary>The same, as the log has them.</summary>
    public IReadOnlyList<Skill>? Detailed => Details is null ? null : [.. Skills.Where(skill => !skill.IsPlain)];

    /// <summary>All of it as rows show it while nothing is claimed: a JSON array in UTF-8.</summary>
    public ReadOnlySpan<byte> RowJson() => _rowJson ??= RowsOf(Holds.None);

    private string Key => Names.Json + '\n' + Details;

    /// <param name="names">In any form.</param>
    /// <param name="detailed">Those of them of which more is known. Of several with one name the last counts.</param>
    public static SkillSet Of(IEnumerable<string> names, IReadOnlyList<Skill>? detailed = null)
    {
        var set = NameSet.Of(names.Select(SpecializationName.Normalize).Where(name => name.Length > 0));
        if (detailed is not { Count: > 0 })
        {
            return set.Plain ?? set.SetPlain(new SkillSet(set, [.. set.Names.Select(name => new Skill { Name = name })], null));
        }

        var known = new Dictionary<string, Skill>(StringComparer.Ordinal);
        foreach (var skill in detailed)
        {
            var name = SpecializationName.Normalize(skill.Name);
            known[name] = skill with { Name = name };
        }

        return OfSorted([.. set.Names.Select(name => known.GetValueOrDefault(name) ?? new Skill { Name = name })]);
    }

    public static SkillSet FromJson(string names, string? details) =>
        details is null && NameSet.Find(names) is { Plain: { } plain }
            ? plain
            : Of(
                JsonSerializer.Deserialize(names, TextJson.Default.StringArray) ?? [],
                details is null ? null : JsonSerializer.Deserialize(details, SkillJson.Default.SkillArray));

    /// <summary>A specialization by its name, in its form; null for one that it does not have.</summary>
    public Skill? Find(string name)
    {
        var (low, high) = (0, Skills.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            switch (string.CompareOrdinal(Skills[middle].Name, name))
            {
                case 0: return Skills[middle];
                case < 0: low = middle + 1; break;
                default: high = middle - 1; break;
            }
        }

        return null;
    }

    /// <summary>These in place of what there is; what they leave open stays as it is known.</summary>
    public SkillSet Replaced(IEnumerable<SkillProfile> profiles) => Onto([], profiles);

    /// <summary>These besides what there is.</summary>
    public SkillSet With(IEnumerable<SkillProfile> profiles) => Onto(Skills, profiles);

    public SkillSet Without(string name) => OfSorted([.. Skills.Where(skill => skill.Name != name)]);

    public override string ToString() => Key;

    /// <summary>The same while something is claimed.</summary>
    public byte[] RowsOf(Holds holds)
    {
        var rows = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(rows);
        json.WriteStartArray();
        foreach (var skill in Skills)
        {
            json.WriteStartObject();
            json.WriteString("name", skill.Name);
            json.WriteString("version", skill.Version);
            json.WriteNumber("level", skill.Level);
            json.WriteNumber("capacity", skill.Capacity);
            json.WriteNumber("held", holds.Of(skill.Name));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return rows.WrittenSpan.ToArray();
    }

    private SkillSet Onto(IEnumerable<Skill> kept, IEnumerable<SkillProfile> profiles)
    {
        var skills = new SortedDictionary<string, Skill>(StringComparer.Ordinal);
        foreach (var skill in kept)
        {
            skills[skill.Name] = skill;
        }

        foreach (var profile in profiles)
        {
            skills[profile.Name] = profile.Onto(skills.GetValueOrDefault(profile.Name) ?? Find(profile.Name));
        }

        return OfSorted([.. skills.Values]);
    }

    /// <param name="skills">In order of their names, each once.</param>
    private static SkillSet OfSorted(Skill[] skills)
    {
        var detailed = Array.FindAll(skills, skill => !skill.IsPlain);
        if (detailed.Length == 0)
        {
            return Of(skills.Select(skill => skill.Name));
        }

        var set = new SkillSet(
            NameSet.Of(skills.Select(skill => skill.Name)), skills, JsonSerializer.Serialize(detailed, SkillJson.Default.SkillArray));
        return s_interned.Find(set.Key) ?? s_interned.Add(set);
    }
}
