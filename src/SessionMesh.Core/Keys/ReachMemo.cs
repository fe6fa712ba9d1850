using SessionMesh.Core.Agents;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Checks for many agents whether a key reaches them, as long as no agent moves. It remembers the result for every ancestor, so that a long
/// chain costs one step per agent and not its depth. Not thread-safe.
/// </summary>
/// <param name="key">Null reaches all agents.</param>
/// <param name="at">Finds an agent by its number; null for one that was forgotten, which is within nothing.</param>
public sealed class ReachMemo(Key? key, Func<int, Agent?> at)
{
    private readonly Reach? _reach = key?.Reach;
    private readonly Dictionary<int, bool>[] _within = [.. (key?.Reach?.Subtrees ?? []).Select(_ => new Dictionary<int, bool>())];
    private readonly List<int> _path = [];

    /// <inheritdoc cref="Key.Reaches"/>
    public bool Reaches(Agent agent) => _reach is null || agent.Id == key!.AgentId || CoversPlace(agent.Id, agent.Cluster, agent.Parent);

    /// <inheritdoc cref="Reach.CoversPlace"/>
    public bool CoversPlace(string id, string cluster, int parent)
    {
        if (_reach?.CoversName(id, cluster) == false)
        {
            return false;
        }

        for (var root = 0; root < _within.Length; root++)
        {
            if (_reach!.Subtrees[root] != id && !IsWithin(root, parent))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the agent of that number is the root of a subtree, or below it.</summary>
    private bool IsWithin(int root, int number)
    {
        var known = _within[root];
        var within = false;
        while (number >= 0 && !known.TryGetValue(number, out within))
        {
            _path.Add(number);
            if (at(number) is not { } agent)
            {
                break;
            }

            if (agent.Id == _reach!.Subtrees[root])
            {
                within = true;
                break;
            }

            number = agent.Parent;
        }

        foreach (var passed in _path)
        {
            known[passed] = within;
        }

        _path.Clear();
        return within;
    }
}
