using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Steering;

/// <summary>Body of <c>POST /agents/{id}/directives/{seq}/ack</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AckRequest
{
    /// <summary>One of <c>accepted</c>, <c>acknowledged</c>, <c>rejected</c>.</summary>
    public string? State { get; init; }
    public string? Note { get; init; }
    public int? Incarnation { get; init; }

    /// <summary>The epoch that the sequence number is of; after a restore the ack is refused (409 <c>restored</c>).</summary>
    public long? Epoch { get; init; }
}
