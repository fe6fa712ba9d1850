using System.Collections.Frozen;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Dashboard.Live;

/// <summary>All agents that a key sees, as of one moment. Immutable.</summary>
public sealed class LiveFleet
{
    /// <summary>Agents that the page keeps; it says so when there are more.</summary>
    public const int Most = 200_000;

    public static readonly LiveFleet Empty = new([], isWhole: true);

    /// <summary>Where each is; shared with the fleets before that had the same agents.</summary>
    private readonly Dictionary<string, int> _places;

    /// <param name="agents">In the order of their ids, each once.</param>
    /// <param name="isWhole">Whether these are all.</param>
    public LiveFleet(IReadOnlyList<LiveAgent> agents, bool isWhole)
    {
        Agents = agents;
        IsWhole = isWhole;
        _places = new Dictionary<string, int>(agents.Count, StringComparer.Ordinal);
        for (var i = 0; i < agents.Count; i++)
        {
            _places[agents[i].Id] = i;
        }
    }

    private LiveFleet(IReadOnlyList<LiveAgent> agents, bool isWhole, Dictionary<string, int> places) =>
        (Agents, IsWhole, _places) = (agents, isWhole, places);

    /// <summary>In the order of their ids.</summary>
    public IReadOnlyList<LiveAgent> Agents { get; }

    /// <summary>False where there are more than <see cref="Most"/>.</summary>
    public bool IsWhole { get; }

    public LiveAgent? Find(string id) => _places.TryGetValue(id, out var place) ? Agents[place] : null;

    /// <summary>How many are of each mark, in the order that the page shows them.</summary>
    public IReadOnlyList<(string Mark, int Count)> Counts()
    {
        var counts = Agents.CountBy(agent => agent.Mark).ToDictionary();
        return [.. Marks.All.Select(mark => (mark, counts.GetValueOrDefault(mark)))];
    }

    /// <summary>Whether its parent is dead, lost sight of, or was forgotten.</summary>
    public bool IsOrphan(LiveAgent agent) =>
        agent.IsThere && agent.Parent is { } parent && (Find(parent) is not { } found || found.Status == AgentStatus.Dead);

    /// <summary>The top of the tree that an agent is in; itself where it has no parent here.</summary>
    public string RootOf(LiveAgent agent)
    {
        var at = agent;
        for (var depth = 0; depth < 1000 && at.Parent is { } parent && Find(parent) is { } above; depth++)
        {
            at = above;
        }

        return at.Id;
    }

    /// <summary>The fleet as the next look found it. Where nobody came or went, there is nothing to index anew.</summary>
    /// <param name="agents">In the order of their ids, each once.</param>
    public LiveFleet Next(IReadOnlyList<LiveAgent> agents, bool isWhole) =>
        HasSame(agents) ? new LiveFleet(agents, isWhole, _places) : new LiveFleet(agents, isWhole);

    /// <summary>The same with other states for some: what the log says between two looks at the whole.</summary>
    public LiveFleet With(IReadOnlyDictionary<string, string> states)
    {
        var agents = Agents.ToArray();
        foreach (var (id, status) in states)
        {
            if (_places.TryGetValue(id, out var place))
            {
                agents[place] = agents[place] with { Status = status, Stalled = false };
            }
        }

        return new LiveFleet(agents, IsWhole, _places);
    }

    /// <summary>Whether two fleets look up ids in one index.</summary>
    internal bool SharesIndexWith(LiveFleet other) => ReferenceEquals(_places, other._places);

    private bool HasSame(IReadOnlyList<LiveAgent> agents)
    {
        if (agents.Count != Agents.Count)
        {
            return false;
        }

        for (var i = 0; i < agents.Count; i++)
        {
            if (agents[i].Id != Agents[i].Id)
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>The words that the page shows for how an agent is, in their order.</summary>
public static class Marks
{
    public static readonly IReadOnlyList<string> All =
    [
        AgentStatus.Alive, AliveFilter.Paused, AliveFilter.Stalled, AgentStatus.Suspect, AgentStatus.Stopping, AgentStatus.Lost,
        AgentStatus.Dead, AgentStatus.Declared,
    ];

    private static readonly FrozenDictionary<string, int> s_places =
        All.Select((mark, place) => KeyValuePair.Create(mark, place)).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The place of a word in <see cref="All"/>.</summary>
    public static int PlaceOf(string mark) => s_places[mark];
}
