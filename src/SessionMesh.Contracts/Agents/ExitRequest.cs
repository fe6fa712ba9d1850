using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Agents;

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
