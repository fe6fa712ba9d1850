using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Contracts.Agents;

/// <summary>Body of <c>POST /agents</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RegisterAgentRequest
{
    /// <summary>Left out, the server chooses one (or takes the agent that the key is bound to).</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? AgentId { get; init; }

    [JsonConverter(typeof(IdTextConverter))]
    public string? ParentId { get; init; }
    public string? Cluster { get; init; }
    public IReadOnlyList<string>? Specializations { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string? User { get; init; }

    /// <summary>Seconds of the lease; 60 by default.</summary>
    public int? Ttl { get; init; }

    /// <summary>With the current incarnation the call renews; without it, it starts the next one.</summary>
    public int? Incarnation { get; init; }

    /// <summary>Start the next incarnation even while this agent is alive: the one before is superseded.</summary>
    public bool? Takeover { get; init; }

    /// <summary>Make the agent known without a session: it stays <c>declared</c> until it registers itself.</summary>
    public bool? Declare { get; init; }
}

/// <summary>Body of <c>POST /registry</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RegisterSpecializationRequest
{
    public string? Specialization { get; init; }

    [JsonConverter(typeof(IdTextConverter))]
    public string? AgentId { get; init; }

    [JsonConverter(typeof(IdTextConverter))]
    public string? ParentId { get; init; }
    public string? Cluster { get; init; }
    public IReadOnlyList<string>? Specializations { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string? User { get; init; }

    /// <summary>Seconds of the lease; 3600 by default for an agent that had none, else what it has.</summary>
    public int? Ttl { get; init; }
}

/// <summary>Body of <c>POST /agents/{id}/heartbeat</c>; every member, and the body itself, may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HeartbeatRequest
{
    public int? Incarnation { get; init; }

    /// <summary>One of <c>working</c>, <c>waiting</c>, <c>idle</c>.</summary>
    public string? Activity { get; init; }

    /// <summary>0 to 1.</summary>
    public double? Load { get; init; }
    public double? Progress { get; init; }

    /// <summary>Seconds; 0 withdraws the promise.</summary>
    public int? ProgressInterval { get; init; }
    public string? Note { get; init; }
    public IReadOnlyList<HeartbeatAck>? Acks { get; init; }

    /// <summary>
    /// The epoch that the incarnation and the acks are of, as an answer said it: after a restore the beat is refused (409 <c>restored</c>).
    /// </summary>
    public long? Epoch { get; init; }
}

/// <summary>An ack that rides in a heartbeat.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HeartbeatAck
{
    public long? Seq { get; init; }

    /// <summary>One of <c>accepted</c>, <c>acknowledged</c>, <c>rejected</c>.</summary>
    public string? State { get; init; }
    public string? Note { get; init; }
}

/// <summary>Answer of <c>POST /agents/{id}/heartbeat</c>.</summary>
public sealed record HeartbeatAnswer
{
    public required string AgentId { get; init; }
    public required int Incarnation { get; init; }

    /// <summary>See <see cref="AgentRow.Epoch"/>; null from a server of a version that has none.</summary>
    public long? Epoch { get; init; }

    /// <summary>Seconds of the lease that was granted.</summary>
    public required int Ttl { get; init; }

    /// <summary>Seconds after which to beat again: a third of the TTL, with jitter.</summary>
    public required int NextHeartbeatIn { get; init; }

    /// <summary>All that is pending, in order.</summary>
    public required IReadOnlyList<Directive> Directives { get; init; }

    /// <summary>Acks of this call that were refused, each with its reason; absent when none was.</summary>
    public IReadOnlyList<RefusedAck>? RefusedAcks { get; init; }
}

/// <summary>An ack that a heartbeat carried and that was not taken.</summary>
public sealed record RefusedAck
{
    public required long Seq { get; init; }
    public required string Code { get; init; }
    public required string Detail { get; init; }
}

/// <summary>Answer of <c>POST /heartbeats</c>. Its body is <c>{"agents":["a1",{"agent_id":"a2",…}]}</c>.</summary>
public sealed record HeartbeatsAnswer
{
    /// <inheritdoc cref="HeartbeatAnswer.Epoch"/>
    public long? Epoch { get; init; }
    public required int Accepted { get; init; }
    public required IReadOnlyList<RefusedHeartbeat> Refused { get; init; }

    /// <summary>Agents of this call with directives waiting: fetch them with <c>GET /agents/{id}/directives</c>.</summary>
    public required IReadOnlyList<string> Pending { get; init; }

    /// <summary>Acks of this call that were refused, by agent; absent when none was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, IReadOnlyList<RefusedAck>>? RefusedAcks { get; init; }
}

public sealed record RefusedHeartbeat
{
    public required string AgentId { get; init; }
    public required string Code { get; init; }
}

/// <summary>Body of <c>POST /agents/{id}/exit</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ExitRequest
{
    public int? Incarnation { get; init; }
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the process, with or without SIG.</summary>
    public string? Signal { get; init; }
    public string? Reason { get; init; }

    /// <inheritdoc cref="HeartbeatRequest.Epoch"/>
    public long? Epoch { get; init; }
}

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
    public required string Status { get; init; }
    public required bool Confirmed { get; init; }
}

/// <summary>Answer of <c>DELETE /agents/{id}?forget=true</c>: from now on the id is that of nobody, until somebody registers it.</summary>
public sealed record ForgottenAgent
{
    public required string AgentId { get; init; }

    /// <summary>Its last one. Whoever registers the id again gets a higher one.</summary>
    public required int Incarnation { get; init; }

    /// <summary>What it was when it was forgotten: <c>dead</c> or <c>lost</c>.</summary>
    public required string Status { get; init; }

    /// <summary>How many agents lost their parent with it.</summary>
    public required int Orphans { get; init; }
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
