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
    public IReadOnlyList<SpecializationRequest>? Specializations { get; init; }
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

    /// <summary>
    /// With <c>declare</c>: bring an agent that is known, alive or not, in line with what is said here. It is no sign of life. Without it a
    /// known agent stays as it is.
    /// </summary>
    public bool? Update { get; init; }
}

/// <summary>Body of <c>POST /registry</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RegisterSpecializationRequest
{
    /// <summary>A specialization that is added; for several, <c>specializations</c>.</summary>
    public string? Specialization { get; init; }

    /// <summary>Of <c>specialization</c>: a text of the agent's own.</summary>
    public string? Version { get; init; }

    /// <summary>Of <c>specialization</c>: 0 to 100, 50 by default.</summary>
    public int? Level { get; init; }

    /// <summary>Of <c>specialization</c>: jobs at once, 1 to 10,000, 1 by default.</summary>
    public int? Capacity { get; init; }

    [JsonConverter(typeof(IdTextConverter))]
    public string? AgentId { get; init; }

    [JsonConverter(typeof(IdTextConverter))]
    public string? ParentId { get; init; }
    public string? Cluster { get; init; }

    /// <summary>Specializations that are added.</summary>
    public IReadOnlyList<SpecializationRequest>? Specializations { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public string? User { get; init; }

    /// <summary>Seconds of the lease; 3600 by default for an agent that had none, else what it has.</summary>
    public int? Ttl { get; init; }
}
