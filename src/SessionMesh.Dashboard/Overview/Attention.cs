using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Live;

namespace SessionMesh.Dashboard.Overview;

/// <summary>What needs a person, by kind.</summary>
/// <param name="What">As a heading says it.</param>
/// <param name="Filter">The filter of the lists of agents that shows all of them; null where there is none.</param>
/// <param name="Agents">The first few, by id.</param>
/// <param name="Count">All of them.</param>
public sealed record Attention(string What, string? Filter, IReadOnlyList<LiveAgent> Agents, int Count)
{
    /// <summary>Agents that each kind shows.</summary>
    public const int Shown = 5;

    /// <summary>An inbox holds 1,000; from here on nobody seems to read it.</summary>
    public const int FullInbox = 100;

    /// <summary>The kinds of which there are any.</summary>
    /// <param name="rejecting">Agents that rejected a directive a while ago.</param>
    public static IReadOnlyList<Attention> Of(LiveFleet fleet, IReadOnlySet<string> rejecting) =>
    [
        .. new[]
        {
            Of(fleet, "Stalled", AliveFilter.Stalled, agent => agent.Mark == AliveFilter.Stalled),
            Of(fleet, "Lost", AgentStatus.Lost, agent => agent.Status == AgentStatus.Lost),
            Of(fleet, "Orphaned", AliveFilter.Orphaned, fleet.IsOrphan),
            Of(fleet, "Rejected a directive", null, agent => rejecting.Contains(agent.Id)),
            Of(fleet, "Inbox fills up", null, agent => agent.Pending >= FullInbox),
        }.Where(kind => kind.Count > 0),
    ];

    private static Attention Of(LiveFleet fleet, string what, string? filter, Func<LiveAgent, bool> needs)
    {
        var all = fleet.Agents.Where(needs).ToList();
        return new Attention(what, filter, all.GetRange(0, Math.Min(Shown, all.Count)), all.Count);
    }
}
