using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Json;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>An agent became known without a session. Subject: its id.</summary>
public sealed record AgentDeclared : Change
{
    public const string Name = "agent.declared";
    public required string Cluster { get; init; }
    public string? ParentId { get; init; }
    public string? User { get; init; }
    public IReadOnlyList<string> Specializations { get; init; } = [];

    /// <summary>Those of them of which more than the name is known.</summary>
    public IReadOnlyList<Skill>? Skills { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + WeightOf(Specializations, Skills, Labels);

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentDeclared;

    internal override void Apply(MeshDraft draft) =>
        draft.Put(
            new Agent
            {
                Number = draft.TakeNumber(),
                Id = Subject,
                Born = Revision,
                Cluster = Cluster,
                Parent = draft.NumberOf(ParentId),
                User = User,
                Skills = SkillSet.Of(Specializations, Skills),
                Labels = LabelSet.Of(Labels),
                Owner = draft.FindKey(Actor)?.Account,
                CreatedAt = At,
            },
            isNew: true);
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

    /// <summary>Those of them of which more than the name is known.</summary>
    public IReadOnlyList<Skill>? Skills { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>True when it took the place of an incarnation that was still alive.</summary>
    public bool Superseded { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + WeightOf(Specializations, Skills, Labels);

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentRegistered;

    internal override void Apply(MeshDraft draft)
    {
        var known = draft.KnownAgent(Subject);
        if (known is not null)
        {
            draft.EndClaims(known);
        }

        var agent = (known ?? new Agent
        {
            Number = draft.TakeNumber(),
            Id = Subject,
            Born = Revision,
            Cluster = Cluster,
            Owner = draft.FindKey(Actor)?.Account,
            CreatedAt = At,
        }) with
        {
            Incarnation = Incarnation,
            Session = Revision,
            Liveness = Liveness.Alive,
            Paused = false,
            Stall = null,
            Ttl = Ttl,
            Cluster = Cluster,
            Parent = draft.NumberOf(ParentId),
            OrphanedFrom = ParentId is null ? known?.OrphanedFrom : null,
            User = User,
            Skills = SkillSet.Of(Specializations, Skills),
            Labels = LabelSet.Of(Labels),
            Direction = null,
            GoneAt = 0,
            Stop = null,
            Holds = Holds.None,
            Meta = Meta.Empty,
            SessionChangedAt = 0,
            IsExpiredByHand = false,
        };
        draft.Put(agent, isNew: known is null);
    }
}

/// <summary>What an agent declares about itself changed; the change repeats all of it. Subject: its id.</summary>
public sealed record AgentUpdated : Change
{
    public const string Name = "agent.updated";
    public required int Ttl { get; init; }
    public required string Cluster { get; init; }
    public string? ParentId { get; init; }
    public string? User { get; init; }
    public IReadOnlyList<string> Specializations { get; init; } = [];

    /// <summary>Those of them of which more than the name is known.</summary>
    public IReadOnlyList<Skill>? Skills { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + WeightOf(Specializations, Skills, Labels);

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentUpdated;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        draft.Put(agent with
        {
            Ttl = Ttl,
            Cluster = Cluster,
            Parent = draft.NumberOf(ParentId),
            OrphanedFrom = ParentId is null ? agent.OrphanedFrom : null,
            User = User,
            Skills = SkillSet.Of(Specializations, Skills),
            Labels = LabelSet.Of(Labels),
        });
    }
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

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentLivenessChanged;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        draft.Put(agent with
        {
            Liveness = Liveness,
            GoneAt = Liveness == Liveness.Lost ? agent.GoneSince(At) : 0,
            Stall = Liveness == Liveness.Lost ? null : agent.Stall,
            IsExpiredByHand = ByHand,
            SessionChangedAt = ByHand || agent.IsExpiredByHand ? Revision : agent.SessionChangedAt,
        });
    }
}

/// <summary>A working agent made no progress for longer than it promised. Subject: its id.</summary>
public sealed record AgentStalled : Change
{
    public const string Name = "agent.stalled";

    /// <summary>The progress that it stands at; null if it never reported any.</summary>
    public double? Progress { get; init; }

    /// <summary>Seconds that it promised.</summary>
    public required int ProgressInterval { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentStalled;

    internal override void Apply(MeshDraft draft) =>
        draft.Put(draft.SubjectOf(this) with { Stall = new Stall(Progress, ProgressInterval) });
}

/// <summary>
/// An agent that was stalled moves again: it made progress, stopped working, or withdrew or lengthened its promise. Subject: its id. One
/// that is lost, ends or begins anew is no longer stalled either, without this entry.
/// </summary>
public sealed record AgentProgressing : Change
{
    public const string Name = "agent.progressing";

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentProgressing;

    internal override void Apply(MeshDraft draft) => draft.Put(draft.SubjectOf(this) with { Stall = null });
}

/// <summary>An agent was asked to stop. Subject: its id.</summary>
public sealed record AgentStopping : Change, IHasReason
{
    public const string Name = "agent.stopping";

    [JsonConverter(typeof(WallTimeConverter))]
    public required long Deadline { get; init; }
    public string? Reason { get; init; }
    public bool Cascade { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentStopping;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        draft.Put(agent with
        {
            Liveness = Liveness.Stopping,
            GoneAt = 0,
            Stop = new StopRequest(Deadline, Reason, Cascade, agent.Stop?.At ?? At),
        });
    }
}

/// <summary>An incarnation ended: reported (<c>confirmed</c>) or by force. Subject: the agent's id.</summary>
public sealed record AgentDied : Change, IHasReason
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

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentDied;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        draft.EndClaims(agent);
        draft.Put(agent with
        {
            Liveness = Liveness.Dead,
            Holds = Holds.None,
            GoneAt = agent.GoneSince(At),
            Session = 0,
            Paused = false,
            Stall = null,
            Meta = Meta.Empty,
            SessionChangedAt = 0,
            IsExpiredByHand = false,
            Stop = agent.Stop ?? (Confirmed ? null : new StopRequest(At, Reason, Cascade: true, At)), // forced without a grace period
            LastExit = new Exit(Confirmed, ExitCode, Signal, Reason, At, TombstoneUntil),
        });
    }
}

/// <summary>
/// An agent was forgotten: its place, its names and its number are free, and its children have no parent. Subject: its id, which from here
/// on means another agent.
/// </summary>
public sealed record AgentForgotten : Change, IHasReason
{
    public const string Name = "agent.forgotten";

    /// <summary>Its last incarnation. Every agent that becomes known after this begins with a higher one.</summary>
    public required int Incarnation { get; init; }

    /// <summary>Why, if nobody asked for it.</summary>
    public string? Reason { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentForgotten;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        foreach (var child in draft.Children(agent.Number))
        {
            draft.Put(draft.AgentAt(child) with { Parent = -1, OrphanedFrom = agent.Id });
        }

        draft.EndClaims(agent);
        draft.Forget(agent);
        draft.ForgottenIncarnation = Math.Max(draft.ForgottenIncarnation, Incarnation);
    }
}

/// <summary>An operator lifted an agent's tombstone: the agent may register again before the tombstone is over. Subject: its id.</summary>
public sealed record AgentTombstoneLifted : Change
{
    public const string Name = "agent.tombstone_lifted";

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentTombstoneLifted;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        draft.Put(agent with { LastExit = agent.LastExit! with { TombstoneUntil = 0 } });
    }
}

/// <summary>An operator put an agent, with all below it, under another parent or under none. Subject: its id.</summary>
public sealed record AgentMoved : Change
{
    public const string Name = "agent.moved";

    /// <summary>Null for none.</summary>
    public string? ParentId { get; init; }

    /// <summary>Its parent until now; null for none.</summary>
    public string? FromParentId { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => AgentChangesJson.Default.AgentMoved;

    internal override void Apply(MeshDraft draft)
    {
        var agent = draft.SubjectOf(this);
        draft.Put(agent with { Parent = draft.NumberOf(ParentId), OrphanedFrom = null });
    }
}

/// <summary>The kinds of change of agents.</summary>
internal static class AgentChanges
{
    public static IReadOnlyList<ChangeKind> Kinds { get; } =
    [
        ChangeKind.Of(AgentDeclared.Name, AgentChangesJson.Default.AgentDeclared),
        ChangeKind.Of(AgentRegistered.Name, AgentChangesJson.Default.AgentRegistered),
        ChangeKind.Of(AgentUpdated.Name, AgentChangesJson.Default.AgentUpdated),
        Became(AgentLivenessChanged.Suspect, Liveness.Suspect),
        Became(AgentLivenessChanged.Lost, Liveness.Lost),
        Became(AgentLivenessChanged.Alive, Liveness.Alive),
        ChangeKind.Of(AgentStalled.Name, AgentChangesJson.Default.AgentStalled),
        ChangeKind.Of(AgentProgressing.Name, AgentChangesJson.Default.AgentProgressing),
        ChangeKind.Of(AgentStopping.Name, AgentChangesJson.Default.AgentStopping),
        ChangeKind.Of(AgentDied.Name, AgentChangesJson.Default.AgentDied),
        ChangeKind.Of(AgentForgotten.Name, AgentChangesJson.Default.AgentForgotten),
        ChangeKind.Of(AgentTombstoneLifted.Name, AgentChangesJson.Default.AgentTombstoneLifted),
        ChangeKind.Of(AgentMoved.Name, AgentChangesJson.Default.AgentMoved),
    ];

    private static ChangeKind Became(string name, Liveness liveness) =>
        ChangeKind.Of(name, AgentChangesJson.Default.AgentLivenessChanged, change => change with { Liveness = liveness });
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(AgentDeclared))]
[JsonSerializable(typeof(AgentRegistered))]
[JsonSerializable(typeof(AgentUpdated))]
[JsonSerializable(typeof(AgentLivenessChanged))]
[JsonSerializable(typeof(AgentStalled))]
[JsonSerializable(typeof(AgentProgressing))]
[JsonSerializable(typeof(AgentStopping))]
[JsonSerializable(typeof(AgentDied))]
[JsonSerializable(typeof(AgentForgotten))]
[JsonSerializable(typeof(AgentTombstoneLifted))]
[JsonSerializable(typeof(AgentMoved))]
internal sealed partial class AgentChangesJson : JsonSerializerContext;
