using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Agents;

/// <summary>Body of <c>POST /agents/{id}/move</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MoveAgentRequest
{
    /// <summary>The new parent; null for none, which is empty here. It has to be said.</summary>
    [JsonConverter(typeof(IdOrNoneConverter))]
    public string? ParentId { get; init; }
}
