using System.Text.Json.Serialization;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.Agents;

/// <summary>An agent became known without a session. Subject: its id.</summary>
public sealed record AgentDeclared : Change
{
    public const string Name = "agent.declared";
    public required string Cluster { get; init; }
    public string? ParentId { get; init; }
    public string? User { get; init; }
    public IReadOnlyList<string> Specializations { get; init; } = [];
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + WeightOf(Specializations, Labels);
}

/// <summary>An agent began a session, and with it an incarnation; the agent itself may be new. Subject: its id.</summary>
public sealed record AgentRegistered : Change
{
    public const string Name = "agent.registered";
    public required int Incarnation { get; init; }

    /// <summary>Seconds.</summary>
    public required int Ttl { get; init; }
    public required string Cluster { get; init; }
    public string? ParentId { get; init; }
    public string? User { get; init; }
    public IReadOnlyList<string> Specializations { get; init; } = [];
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>True when it took the place of an incarnation that was still alive.</summary>
    public bool Superseded { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + WeightOf(Specializations, Labels);
}

/// <summary>What an agent declares of itself changed; all of it is repeated. Subject: its id.</summary>
public sealed record AgentUpdated : Change
{
    public const string Name = "agent.updated";
    public required int Ttl { get; init; }
    public required string Cluster { get; init; }
    public string? ParentId { get; init; }
    public string? User { get; init; }
    public IReadOnlyList<string> Specializations { get; init; } = [];
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + WeightOf(Specializations, Labels);
}

/// <summary>An agent's lease lapsed: <c>agent.suspect</c>, a TTL later <c>agent.lost</c>; or it beat again: <c>agent.alive</c>.</summary>
public sealed record AgentLivenessChanged : Change
{
    public const string Suspect = "agent.suspect";
    public const string Lost = "agent.lost";
    public const string Alive = "agent.alive";

    [JsonIgnore]
    public Liveness Liveness { get; init; }

    /// <summary>Somebody expired its session: no heartbeat revives it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ByHand { get; init; }

    [JsonIgnore]
    public override string Kind => Liveness switch
    {
        Liveness.Suspect => Suspect,
        Liveness.Lost => Lost,
        _ => Alive,
    };
}

/// <summary>An agent was asked to stop. Subject: its id.</summary>
public sealed record AgentStopping : Change
{
    public const string Name = "agent.stopping";

    [JsonConverter(typeof(WallTimeConverter))]
    public required long Deadline { get; init; }
    public string? Reason { get; init; }
    public bool Cascade { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>An incarnation ended: reported (<c>confirmed</c>) or by force. Subject: the agent's id.</summary>
public sealed record AgentDied : Change
{
    public const string Name = "agent.dead";
    public required int Incarnation { get; init; }
    public required bool Confirmed { get; init; }
    public int? ExitCode { get; init; }
    public string? Signal { get; init; }
    public string? Reason { get; init; }

    [JsonConverter(typeof(WallTimeConverter))]
    public long TombstoneUntil { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>
/// An agent was forgotten: its place, its names and its number are free, and its children have no parent. Subject: its id, which means
/// somebody else from here on.
/// </summary>
public sealed record AgentForgotten : Change
{
    public const string Name = "agent.forgotten";

    /// <summary>Its last one. No agent that becomes known after this begins with one that is not above it.</summary>
    public required int Incarnation { get; init; }

    /// <summary>Why, when nobody asked.</summary>
    public string? Reason { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>An operator lifted an agent's tombstone: it may register again before its time. Subject: its id.</summary>
public sealed record AgentTombstoneLifted : Change
{
    public const string Name = "agent.tombstone_lifted";

    [JsonIgnore]
    public override string Kind => Name;
}
