using SessionMesh.Contracts.Agents;

namespace SessionMesh.Dashboard.Live;

/// <summary>An agent as the page keeps all of them: what the mosaic, the table and the overview draw. Immutable.</summary>
public sealed record LiveAgent
{
    /// <summary>The members that the page asks the mesh for.</summary>
    public static readonly IReadOnlyList<string> Fields =
    [
        "agent_id", "status", "paused", "activity", "load", "specializations", "labels", "cluster", "parent_id", "last_heartbeat_at",
        "progress_interval", "last_progress_at", "pending", "created_at",
    ];

    public required string Id { get; init; }

    /// <summary>One of <see cref="AgentStatus"/>.</summary>
    public required string Status { get; init; }
    public bool Paused { get; init; }

    /// <summary>It says that it works, and made no progress for longer than it promised.</summary>
    public bool Stalled { get; init; }
    public string? Activity { get; init; }
    public double? Load { get; init; }

    /// <summary>The first of its specializations.</summary>
    public string? Specialization { get; init; }
    public string? Cluster { get; init; }

    /// <summary>Its label <c>project</c>.</summary>
    public string? Project { get; init; }
    public string? Parent { get; init; }

    /// <summary>Directives in its inbox.</summary>
    public int Pending { get; init; }
    public DateTimeOffset? LastHeartbeatAt { get; init; }

    /// <summary>Whether it has not ended.</summary>
    public bool IsThere => Status is not (AgentStatus.Dead or AgentStatus.Lost or AgentStatus.Declared);

    /// <summary>
    /// The word that the page shows for how it is: <c>stalled</c> and <c>paused</c> where that says more than <c>alive</c>.
    /// </summary>
    public string Mark => Status is not AgentStatus.Alive ? Status : Stalled ? AliveFilter.Stalled : Paused ? AliveFilter.Paused : Status;

    /// <param name="now">The server's time.</param>
    /// <param name="shared">Gives one string for all that are equal: a fleet has few clusters and many agents.</param>
    public static LiveAgent From(AgentRow row, DateTimeOffset now, Func<string?, string?> shared) => new()
    {
        Id = row.AgentId!,
        Status = shared(row.Status)!,
        Paused = row.Paused,
        Stalled = row is { Status: AgentStatus.Alive, Activity: AgentActivity.Working, ProgressInterval: > 0, LastProgressAt: { } moved }
            && now - moved > TimeSpan.FromSeconds(row.ProgressInterval.Value),
        Activity = shared(row.Activity),
        Load = row.Load,
        Specialization = shared(row.Specializations is [var first, ..] ? first : null),
        Cluster = shared(row.Cluster),
        Project = shared(row.Labels.GetValueOrDefault("project")),
        Parent = shared(row.ParentId),
        Pending = row.Pending ?? 0,
        LastHeartbeatAt = row.LastHeartbeatAt,
    };
}
