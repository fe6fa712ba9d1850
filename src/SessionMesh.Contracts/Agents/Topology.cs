namespace SessionMesh.Contracts.Agents;

/// <summary>
/// Answer of <c>GET /topology</c>: agents with what is at and below each. Whoever reads it joins them by <c>parent_id</c>.
/// </summary>
public sealed record Topology
{
    public required IReadOnlyList<TopologyRow> Agents { get; init; }

    /// <summary>
    /// Links that were declared beside who started whom: those that begin at an agent of this page. They may lead to one that is in another
    /// page, or in none.
    /// </summary>
    public required IReadOnlyList<TopologyLink> Links { get; init; }

    /// <summary>Agents in this page.</summary>
    public required int Count { get; init; }

    /// <summary>Send as <c>cursor</c> for the next page; null at the end.</summary>
    public string? NextCursor { get; init; }

    /// <inheritdoc cref="AgentPage.AsOf"/>
    public required string AsOf { get; init; }
}

/// <summary>An agent, and what is at and below it.</summary>
public sealed record TopologyRow : AgentRow
{
    public required SubtreeSummary Subtree { get; init; }
}

/// <summary>An agent and all below it, added up; of a key that is limited to some agents, those that it reaches.</summary>
public sealed record SubtreeSummary
{
    /// <summary>Those that are not dead.</summary>
    public required int Agents { get; init; }
    public required int Alive { get; init; }

    /// <summary>Those of the living that work without progress for longer than they said.</summary>
    public required int Stalled { get; init; }
    public required int Lost { get; init; }

    /// <summary>Mean of the loads that living agents report, 0 to 1; null where none does.</summary>
    public required double? Load { get; init; }

    /// <summary>Directives that wait in their inboxes.</summary>
    public required int Pending { get; init; }
}
