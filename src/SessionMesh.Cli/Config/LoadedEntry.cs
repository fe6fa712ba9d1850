using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Config;

/// <summary>What became of one entry of a file, or would become of it.</summary>
/// <param name="Filter">What it is expected to be; null for no expectation.</param>
/// <param name="Change">A word of <see cref="PlannedAgent"/>.</param>
internal sealed record LoadedEntry(string Id, string? Filter, string Change)
{
    /// <summary>Its status afterwards; null where nobody knows it, or where it could not be looked up.</summary>
    public string? Status { get; init; }

    /// <summary>Whether it is as expected; null for no expectation.</summary>
    public bool? Matches { get; init; }

    /// <summary>Whether this made it known.</summary>
    public bool Declared { get; init; }
    public IReadOnlyList<FleetChange> Changes { get; init; } = [];
    public string? Error { get; init; }

    /// <summary>
    /// Whether an agent is what a filter says; null where only the server knows, because it depends on other agents or on its clock.
    /// </summary>
    public static bool? IsMatch(AgentRow row, string filter) => filter switch
    {
        AliveFilter.All => true,
        AliveFilter.Active => row.Status is AgentStatus.Alive,
        AliveFilter.Paused => row.Paused && row.Status is AgentStatus.Alive or AgentStatus.Suspect,
        AgentActivity.Idle or AgentActivity.Working or AgentActivity.Waiting => row.Status is AgentStatus.Alive && row.Activity == filter,
        AliveFilter.Stalled or AliveFilter.Orphaned => null,
        _ => row.Status == filter,
    };

    /// <summary>Of a plain session <c>active</c> is alive, and the other words are about agents.</summary>
    public static bool IsMatch(SessionRow row, string filter) => filter switch
    {
        AliveFilter.All => true,
        AliveFilter.Active or AgentStatus.Alive => row.Status is SessionStatus.Active,
        _ => false,
    };
}
