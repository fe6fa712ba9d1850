using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Agents;

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
