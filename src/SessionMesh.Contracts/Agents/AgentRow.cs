using System.Text.Json.Serialization;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Contracts.Agents;

/// <summary>
/// One session as every list shows it. <c>null</c> means "not heard yet"; <c>agent_id</c> is null for a plain session.
/// With <c>fields=</c> only the members asked for are present. Times are UTC, durations whole seconds.
/// </summary>
/// <remarks>
/// The server writes rows by hand, because lists are hot. A new member also goes into its RowFields and RowWriter, and into SessionWriter
/// where null is wrong for a plain session; a test compares them with this record.
/// </remarks>
public record AgentRow
{
    public string? AgentId { get; init; }
    public string? SessionId { get; init; }

    /// <summary>Which life of this agent: 1 for the first session, one more for each that follows; 0 while declared.</summary>
    public int Incarnation { get; init; }

    /// <summary>One of <c>declared</c>, <c>alive</c>, <c>suspect</c>, <c>lost</c>, <c>stopping</c>, <c>dead</c>.</summary>
    public string Status { get; init; } = "";
    public bool Paused { get; init; }

    /// <summary>One of <c>working</c>, <c>waiting</c>, <c>idle</c>.</summary>
    public string? Activity { get; init; }

    /// <summary>0 (idle) to 1 (full), as reported.</summary>
    public double? Load { get; init; }

    /// <summary>A number that grows as the work does, as reported: a fraction, a count, whatever the agent counts.</summary>
    public double? Progress { get; init; }

    /// <summary>Seconds within which a working agent promises to make progress; without it an agent is never stalled.</summary>
    public int? ProgressInterval { get; init; }
    public string? Note { get; init; }
    public IReadOnlyList<string> Specializations { get; init; } = [];
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
    public string? Cluster { get; init; }
    public string? ParentId { get; init; }
    public string? User { get; init; }

    /// <summary>The last direction that the agent acknowledged.</summary>
    public string? Direction { get; init; }

    /// <summary>Whether a stream of directives is open. An open stream alone does not prove life.</summary>
    public bool Connected { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? LastHeartbeatAt { get; init; }
    public DateTimeOffset? LastProgressAt { get; init; }

    /// <summary>When the lease lapses unless renewed; computed when read. Null when there is no lease.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>
    /// Which life of the store this is from: 1 for a new one, raised by every restore. Incarnations and sequence numbers of one epoch say
    /// nothing in another. Null for a plain session.
    /// </summary>
    public long? Epoch { get; init; }

    /// <summary>
    /// Since when it is dead or lost; null while it is neither, and for a plain session. One that was lost and then ended has been gone
    /// since it was lost.
    /// </summary>
    public DateTimeOffset? GoneAt { get; init; }

    /// <summary>The specializations with what is known of each, and what is taken.</summary>
    public IReadOnlyList<AgentSkill> Skills { get; init; } = [];

    /// <summary>
    /// Directives in its inbox: neither acknowledged, rejected, expired nor cancelled. In a list only where <c>fields</c> asks for it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Pending { get; init; }
}

/// <summary>Answer of <c>GET /agents/{id}</c>.</summary>
public sealed record AgentDetail : AgentRow
{
    /// <summary>Agents below this one in the forest, at any depth, dead ones not counted.</summary>
    public int Descendants { get; init; }

    /// <summary>Directives in its inbox: neither acknowledged, rejected, expired nor cancelled.</summary>
    public new int Pending { get; init; }
    public AgentExit? LastExit { get; init; }

    /// <summary>The newest entries of the log about it, oldest first; only with <c>events=N</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<MeshEvent>? Events { get; init; }
}

/// <summary>Answer of <c>POST /agents</c> and <c>POST /registry</c>.</summary>
public sealed record AgentRegistration : AgentRow
{
    /// <summary>Seconds of the lease that was granted.</summary>
    public int Ttl { get; init; }

    /// <summary>Seconds after which to beat: a third of the TTL, with jitter.</summary>
    public int NextHeartbeatIn { get; init; }
}

/// <summary>How the last incarnation that ended did end.</summary>
public sealed record AgentExit
{
    /// <summary>True only when the agent or its runner reported the exit.</summary>
    public required bool Confirmed { get; init; }
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the process, without SIG: <c>TERM</c>, <c>KILL</c>.</summary>
    public string? Signal { get; init; }
    public string? Reason { get; init; }
    public required DateTimeOffset At { get; init; }
}

/// <summary>Answer of <c>GET /alive</c> and <c>GET /agents</c>.</summary>
public sealed record AgentPage
{
    public required IReadOnlyList<AgentRow> Sessions { get; init; }

    /// <summary>Rows in this page.</summary>
    public required int Count { get; init; }

    /// <summary>Rows on all pages; only where <c>total=true</c> asks for it.</summary>
    public int? Total { get; init; }

    /// <summary>Send as <c>cursor</c> for the next page; null at the end.</summary>
    public string? NextCursor { get; init; }

    /// <summary>The point of the log at which this page was read; opaque.</summary>
    public required string AsOf { get; init; }
}
