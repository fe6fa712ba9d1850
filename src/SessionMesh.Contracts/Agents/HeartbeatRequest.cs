using System.Text.Json.Serialization;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Contracts.Agents;

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

    /// <summary>
    /// Which directives the answer is to hand out: some of <c>steer</c>, <c>pause</c>, <c>resume</c>, <c>stop</c>. An empty list hands out
    /// none, null all. What is not handed out stays as it is, for another listener of the same inbox.
    /// </summary>
    public IReadOnlyList<string>? Verbs { get; init; }
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

    /// <summary>All that is pending, in order; of <c>verbs</c> where the beat has them.</summary>
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
