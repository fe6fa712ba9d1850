namespace SessionMesh.Contracts.Agents;

/// <summary>Answer of <c>DELETE /agents/{id}</c> and <c>POST /agents/{id}/exit</c>: what is known, and no more.</summary>
public sealed record KillReport
{
    public required string AgentId { get; init; }
    public required int Incarnation { get; init; }

    /// <summary><c>stopping</c> or <c>dead</c>.</summary>
    public required string Status { get; init; }

    /// <summary>True only when the agent or its runner reported the exit.</summary>
    public required bool Confirmed { get; init; }
    public int? ExitCode { get; init; }
    public string? Signal { get; init; }
    public string? Reason { get; init; }

    /// <summary>When force follows, while stopping.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>
    /// Those below it that the kill was about. In a kill by selector each is listed once: not those that have a report of their own, nor
    /// those below them.
    /// </summary>
    public required IReadOnlyList<DescendantReport> Descendants { get; init; }
}

public sealed record DescendantReport
{
    public required string AgentId { get; init; }

    /// <summary>0 for one that was never alive: there is no end to confirm.</summary>
    public int Incarnation { get; init; }
    public required string Status { get; init; }
    public required bool Confirmed { get; init; }
}

/// <summary>Answer of <c>DELETE /agents</c>: a kill by selector.</summary>
public sealed record KillManyAnswer
{
    /// <summary>How many agents match.</summary>
    public required int Matched { get; init; }
    public required IReadOnlyList<KillResult> Results { get; init; }
}

/// <summary>What became of one agent of many; in a dry run the report is null.</summary>
public sealed record KillResult
{
    public required string AgentId { get; init; }
    public KillReport? Report { get; init; }
}
