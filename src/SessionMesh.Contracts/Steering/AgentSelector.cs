using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Steering;

/// <summary>
/// Which agents: those that match every member given. At least one must be: an empty selector never means everyone.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AgentSelector
{
    public string? Specialization { get; init; }

    /// <summary>Labels that an agent must have, each with this value.</summary>
    public IReadOnlyDictionary<string, string>? Label { get; init; }
    public string? Cluster { get; init; }

    /// <summary>An agent and all below it.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? Subtree { get; init; }

    /// <summary>These agents by name.</summary>
    public IReadOnlyList<string>? AgentIds { get; init; }
}
