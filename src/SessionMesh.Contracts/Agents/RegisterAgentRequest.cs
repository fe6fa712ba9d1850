using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

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
