using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Json;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>A session was created. Subject: its id.</summary>
public sealed record SessionCreated : Change
{
    public const string Name = "session.created";
    public required string User { get; init; }

    /// <summary>Seconds; 0 for none.</summary>
    public required int Ttl { get; init; }

    /// <summary>Null for none.</summary>
    [JsonConverter(typeof(MetaConverter))]
    public Meta? Meta { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + (Meta?.Utf8().Length ?? 0);

    internal override JsonTypeInfo PayloadType => SessionChangesJson.Default.SessionCreated;

    internal override void Apply(MeshDraft draft) =>
        draft.Put(new Session
        {
            Revision = Revision,
            Id = Subject,
            User = User,
            Ttl = SessionRules.TtlOf(Ttl),
            Meta = Meta ?? Meta.Empty,
            CreatedAt = At * 1000,
            LastAccess = At * 1000,
            ExpiresAt = ExpiresAt,
            Version = Revision,
        });
}

/// <summary>A session of another store was imported unchanged. Subject: its id.</summary>
public sealed record SessionImported : Change
{
    public const string Name = "session.imported";
    public required string User { get; init; }
    public bool Expired { get; init; }

    /// <summary>Seconds, any number; 0 for none, unless <see cref="TtlIsZero"/>.</summary>
    public required double Ttl { get; init; }

    /// <summary>The record's TTL is the number 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TtlIsZero { get; init; }

    [JsonConverter(typeof(MetaConverter))]
    public Meta? Meta { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long CreatedAt { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long LastAccess { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiredAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + User.Length + (Meta?.Utf8().Length ?? 0);

    internal override JsonTypeInfo PayloadType => SessionChangesJson.Default.SessionImported;

    internal override void Apply(MeshDraft draft) =>
        draft.Put(new Session
        {
            Revision = Revision,
            Id = Subject,
            User = User,
            IsExpired = Expired,
            Ttl = Ttl == 0 && !TtlIsZero ? null : Ttl,
            Meta = Meta ?? Meta.Empty,
            CreatedAt = CreatedAt,
            LastAccess = LastAccess,
            ExpiresAt = ExpiresAt,
            ExpiredAt = ExpiredAt,
            Version = Revision,
        });
}

/// <summary>Entries of a session's metadata were set, or removed where they are null. Subject: its id.</summary>
public sealed record SessionUpdated : Change
{
    public const string Name = "session.updated";
    public required IReadOnlyDictionary<string, string?> Meta { get; init; }

    /// <summary>The agent whose registration the session is; null for a plain session.</summary>
    public string? AgentId { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    [JsonIgnore]
    public override long Weight => BaseWeight + Meta.Sum(entry => entry.Key.Length + (entry.Value?.Length ?? 0));

    internal override JsonTypeInfo PayloadType => SessionChangesJson.Default.SessionUpdated;

    internal override void Apply(MeshDraft draft)
    {
        if (AgentId is not null)
        {
            var agent = draft.KnownAgent(AgentId)!;
            draft.Put(agent with { Meta = agent.Meta.With(Meta), SessionChangedAt = Revision });
            return;
        }

        var session = draft.KnownSession(Subject)!;
        draft.Put(session with { Meta = session.Meta.With(Meta), LastAccess = At * 1000, Version = Revision });
    }
}

/// <summary>A session's TTL started anew. Subject: its id.</summary>
public sealed record SessionRefreshed : Change
{
    public const string Name = "session.refreshed";
    public required int Ttl { get; init; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => SessionChangesJson.Default.SessionRefreshed;

    internal override void Apply(MeshDraft draft) =>
        draft.Put(draft.KnownSession(Subject)! with
        {
            IsExpired = false,
            Ttl = SessionRules.TtlOf(Ttl),
            LastAccess = At * 1000,
            ExpiresAt = ExpiresAt,
            Version = Revision,
        });
}

/// <summary>A session is over: its TTL passed, or somebody expired it. Subject: its id.</summary>
public sealed record SessionExpired : Change
{
    public const string Name = "session.expired";
    public bool ByHand { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => SessionChangesJson.Default.SessionExpired;

    internal override void Apply(MeshDraft draft)
    {
        var session = draft.KnownSession(Subject)!;
        draft.Put(session with { IsExpired = true, ExpiredAt = ByHand ? At * 1000 : session.ExpiredAt, Version = Revision });
    }
}

/// <summary>A session was deleted, with everything known about it. Subject: its id.</summary>
public sealed record SessionDeleted : Change, IHasReason
{
    public const string Name = "session.deleted";
    public string? Reason { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => SessionChangesJson.Default.SessionDeleted;

    internal override void Apply(MeshDraft draft) => draft.Remove(draft.KnownSession(Subject)!);
}

/// <summary>The kinds of change of sessions.</summary>
internal static class SessionChanges
{
    public static IReadOnlyList<ChangeKind> Kinds { get; } =
    [
        ChangeKind.Of(SessionCreated.Name, SessionChangesJson.Default.SessionCreated),
        ChangeKind.Of(SessionImported.Name, SessionChangesJson.Default.SessionImported),
        ChangeKind.Of(SessionUpdated.Name, SessionChangesJson.Default.SessionUpdated),
        ChangeKind.Of(SessionRefreshed.Name, SessionChangesJson.Default.SessionRefreshed),
        ChangeKind.Of(SessionExpired.Name, SessionChangesJson.Default.SessionExpired),
        ChangeKind.Of(SessionDeleted.Name, SessionChangesJson.Default.SessionDeleted),
    ];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SessionCreated))]
[JsonSerializable(typeof(SessionImported))]
[JsonSerializable(typeof(SessionUpdated))]
[JsonSerializable(typeof(SessionRefreshed))]
[JsonSerializable(typeof(SessionExpired))]
[JsonSerializable(typeof(SessionDeleted))]
internal sealed partial class SessionChangesJson : JsonSerializerContext;
