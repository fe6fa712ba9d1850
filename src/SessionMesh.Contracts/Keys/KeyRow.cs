namespace SessionMesh.Contracts.Keys;

/// <summary>A key as lists show it: never its secret.</summary>
public sealed record KeyRow
{
    public required string KeyId { get; init; }
    public required string SessionKey { get; init; }

    /// <summary>The newest key of the name it was minted under; null for a root key.</summary>
    public string? ParentId { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <inheritdoc cref="CreatedKey.Within"/>
    public IReadOnlyList<string>? Within { get; init; }
    public string? AgentId { get; init; }

    /// <summary>The incarnation a bound key ends with.</summary>
    public int? Incarnation { get; init; }
    public required int Generation { get; init; }

    /// <summary>False for one that has expired, or was succeeded, and is kept for its refresh token.</summary>
    public required bool Valid { get; init; }

    /// <summary>One of <see cref="KeyState"/>; null from a server that does not say.</summary>
    public string? State { get; init; }

    /// <summary>When it stopped being valid; null while it is.</summary>
    public DateTimeOffset? EndedAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null for a key without an end of its own.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Until when its refresh token can be used; null when it has none, or that was used.</summary>
    public DateTimeOffset? RefreshableUntil { get; init; }

    /// <summary>Whether it is a service key, which may outlive the key that minted it.</summary>
    public bool Service { get; init; }

    /// <summary>
    /// A service key's last use, which may be behind by an hour after a restart of the server; null for other keys, and before the first.
    /// </summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>What became of a key.</summary>
public static class KeyState
{
    public const string Valid = "valid";

    /// <summary>Its time ran out, and none of its name follows it: it can be renewed.</summary>
    public const string Expired = "expired";

    /// <summary>Another generation of its name took its place.</summary>
    public const string Rotated = "rotated";

    /// <summary>It was revoked, itself or with a key above it, or ended with its agent.</summary>
    public const string Revoked = "revoked";
}

/// <summary>Answer of <c>GET /keys</c>: the caller's key and those below it, or all for admin; oldest first.</summary>
public sealed record KeyList
{
    public required IReadOnlyList<KeyRow> Keys { get; init; }

    /// <summary>Rows in this page.</summary>
    public required int Count { get; init; }
    public string? NextCursor { get; init; }
}

/// <summary>Answer of <c>DELETE /keys/{key_id}</c>.</summary>
public sealed record RevokedKey
{
    public required string KeyId { get; init; }

    /// <summary>This key and every key minted under it, as far as they were still valid.</summary>
    public required IReadOnlyList<string> Revoked { get; init; }
}
