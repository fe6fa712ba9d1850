using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Json;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>A key was minted. Subject: its id. The secret is not here, and its hash is of no use to a reader.</summary>
public sealed record KeyMinted : Change
{
    public const string Name = "key.minted";
    public required string KeyName { get; init; }

    /// <summary>Lineage of the parent; null for the root key.</summary>
    public string? Parent { get; init; }

    /// <summary>Lineage it continues; null when it is the first of its own.</summary>
    public string? Lineage { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
    public IReadOnlyList<string>? Within { get; init; }
    public required string Hash { get; init; }

    [JsonConverter(typeof(WallTimeConverter))]
    public long ExpiresAt { get; init; }
    public string? AgentId { get; init; }
    public int Incarnation { get; init; }
    public int Generation { get; init; } = 1;
    public string? RefreshHash { get; init; }

    [JsonConverter(typeof(WallTimeConverter))]
    public long RefreshExpiresAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Service { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => KeyChangesJson.Default.KeyMinted;

    internal override void Apply(MeshDraft draft)
    {
        var scopes = ScopeWords.Parse(Scopes);
        var lineage = Lineage ?? Subject;
        draft.Put(new Key
        {
            Revision = Revision,
            Id = Subject,
            Name = KeyName,
            Lineage = lineage,
            Parent = Parent,
            Account = Minter(draft)?.Account ?? (scopes.HasFlag(ScopeSet.Admin) ? null : lineage),
            Scopes = scopes,
            Reach = Reach.Of(Within ?? (AgentId is null ? null : [Reach.OfAgent(AgentId)])),
            Hash = Hash,
            CreatedAt = At,
            ExpiresAt = ExpiresAt,
            Lifetime = ExpiresAt == 0 ? 0 : ExpiresAt - At,
            AgentId = AgentId,
            Incarnation = Incarnation,
            Generation = Generation,
            RefreshHash = RefreshHash,
            RefreshExpiresAt = RefreshExpiresAt,
            IsService = Service,
        });
        if (Service)
        {
            KeepAbove(draft);
        }
    }

    /// <summary>The key it was minted under: the actor, but where the actor renewed a key that hangs below another one.</summary>
    private Key? Minter(MeshDraft draft)
    {
        var actor = draft.FindKey(Actor);
        return actor is null || Parent is null || actor.Lineage == Parent || actor.Lineage == Lineage ? actor : draft.NewestKeyIn(Parent);
    }

    /// <summary>What a service key hangs below is held as long as it, so that revoking any of it ends the service key.</summary>
    private void KeepAbove(MeshDraft draft)
    {
        for (var above = Minter(draft); above is not null; above = above.Parent is { } parent ? draft.NewestKeyIn(parent) : null)
        {
            if (above.ExpiresAt != 0 && above.KeptUntil < ExpiresAt)
            {
                draft.Put(above with { KeptUntil = ExpiresAt });
            }
        }
    }
}

/// <summary>A service key was used: at most once an hour, as a sign that it is still needed. Subject: its id.</summary>
public sealed record KeyUsed : Change
{
    public const string Name = "key.used";

    [JsonConverter(typeof(WallTimeConverter))]
    public required long UsedAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => KeyChangesJson.Default.KeyUsed;

    internal override void Apply(MeshDraft draft) => draft.Put(draft.FindKey(Subject)! with { LastUsedAt = UsedAt });
}

/// <summary>The refresh token of a key was used. Subject: the key's id; its successor is the <c>key.minted</c> that follows.</summary>
public sealed record KeyRefreshed : Change
{
    public const string Name = "key.refreshed";

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => KeyChangesJson.Default.KeyRefreshed;

    internal override void Apply(MeshDraft draft) => draft.Put(draft.FindKey(Subject)! with { RefreshedAt = At });
}

/// <summary>A key got an earlier end: its name was minted again, or it was refreshed. Subject: its id.</summary>
public sealed record KeyLimited : Change
{
    public const string Name = "key.limited";

    [JsonConverter(typeof(WallTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => KeyChangesJson.Default.KeyLimited;

    /// <summary>An unused refresh token ends with its key. A used one is remembered, so that a second use is noticed.</summary>
    internal override void Apply(MeshDraft draft)
    {
        var key = draft.FindKey(Subject)!;
        draft.Put(key with
        {
            ExpiresAt = ExpiresAt,
            RefreshExpiresAt = key.RefreshedAt == 0 ? Math.Min(key.RefreshExpiresAt, ExpiresAt) : key.RefreshExpiresAt,
        });
    }
}

/// <summary>A key ended. Subject: its id; kind <c>key.revoked</c> or <c>key.expired</c>.</summary>
public sealed record KeyEnded : Change, IHasReason
{
    public const string Revoked = "key.revoked";
    public const string Expired = "key.expired";

    [JsonIgnore]
    public bool Lapsed { get; init; }
    public string? Reason { get; init; }

    [JsonIgnore]
    public override string Kind => Lapsed ? Expired : Revoked;

    internal override JsonTypeInfo PayloadType => KeyChangesJson.Default.KeyEnded;

    internal override void Apply(MeshDraft draft) => draft.Put(draft.FindKey(Subject)! with { EndedAt = At, IsRevoked = !Lapsed });
}

/// <summary>The kinds of change of keys.</summary>
internal static class KeyChanges
{
    public static IReadOnlyList<ChangeKind> Kinds { get; } =
    [
        ChangeKind.Of(KeyMinted.Name, KeyChangesJson.Default.KeyMinted),
        ChangeKind.Of(KeyRefreshed.Name, KeyChangesJson.Default.KeyRefreshed),
        ChangeKind.Of(KeyLimited.Name, KeyChangesJson.Default.KeyLimited),
        ChangeKind.Of(KeyEnded.Revoked, KeyChangesJson.Default.KeyEnded),
        ChangeKind.Of(KeyEnded.Expired, KeyChangesJson.Default.KeyEnded, change => change with { Lapsed = true }),
        ChangeKind.Of(KeyUsed.Name, KeyChangesJson.Default.KeyUsed),
    ];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(KeyMinted))]
[JsonSerializable(typeof(KeyRefreshed))]
[JsonSerializable(typeof(KeyLimited))]
[JsonSerializable(typeof(KeyEnded))]
[JsonSerializable(typeof(KeyUsed))]
internal sealed partial class KeyChangesJson : JsonSerializerContext;
