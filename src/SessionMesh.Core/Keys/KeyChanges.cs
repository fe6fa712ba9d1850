using System.Text.Json.Serialization;
using SessionMesh.Core.Json;

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

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>The refresh token of a key was used. Subject: the key's id; its successor is the <c>key.minted</c> that follows.</summary>
public sealed record KeyRefreshed : Change
{
    public const string Name = "key.refreshed";

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>A key got an earlier end: its name was minted again, or it was refreshed. Subject: its id.</summary>
public sealed record KeyLimited : Change
{
    public const string Name = "key.limited";

    [JsonConverter(typeof(WallTimeConverter))]
    public required long ExpiresAt { get; init; }

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>A key is over. Subject: its id; kind <c>key.revoked</c> or <c>key.expired</c>.</summary>
public sealed record KeyEnded : Change
{
    public const string Revoked = "key.revoked";
    public const string Expired = "key.expired";

    [JsonIgnore]
    public bool Lapsed { get; init; }
    public string? Reason { get; init; }

    [JsonIgnore]
    public override string Kind => Lapsed ? Expired : Revoked;
}
