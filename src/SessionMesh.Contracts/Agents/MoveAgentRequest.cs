using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Agents;

/// <summary>Body of <c>POST /agents/{id}/move</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MoveAgentRequest
{
    /// <summary>The new parent; null for none. It has to be said.</summary>
    /// <remarks>The empty text stands for JSON's null, and null for a member that is not there.</remarks>
    [JsonConverter(typeof(IdOrNoneConverter))]
    public string? ParentId { get; init; }
}
