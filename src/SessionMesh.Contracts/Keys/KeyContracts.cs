using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Keys;

/// <summary>What a key may do. Every route names the scope it needs.</summary>
public static class Scopes
{
    public const string MeshRead = "mesh:read";
    public const string RegistryWrite = "registry:write";
    public const string Steer = "steer";
    public const string Kill = "kill";
    public const string SessionsRead = "sessions:read";
    public const string SessionsWrite = "sessions:write";
    public const string KeysMint = "keys:mint";
    public const string AuditRead = "audit:read";

    /// <summary>Everything.</summary>
    public const string Admin = "admin";

    /// <summary>Bound to one agent: register, beat, read and acknowledge its own directives.</summary>
    public const string AgentSelf = "agent:self";

    public static readonly IReadOnlyList<string> All =
        [MeshRead, RegistryWrite, Steer, Kill, SessionsRead, SessionsWrite, KeysMint, AuditRead, Admin, AgentSelf];
}

/// <summary>Body of <c>POST /keys</c>; every member may be left out, and so may the body.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CreateKeyRequest
{
    /// <summary>A name for the key, never the secret; unique under the key that mints.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? SessionKey { get; init; }

    /// <summary>Seconds; 3600 by default, clamped to 60…86,400 and to the parent's own end.</summary>
    public int? Ttl { get; init; }

    /// <summary>Within the parent's; the parent's own by default, <c>agent:self</c> for a bound key, which has it beside whatever is named here.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>
    /// Limits the scopes to agents that meet every clause: <c>agent:ID</c>, <c>cluster:NAME</c>, <c>subtree:ID</c>. The parent's clauses hold
    /// as well. By default no more than those; for a bound key with other scopes its own subtree.
    /// </summary>
    public IReadOnlyList<string>? Within { get; init; }

    /// <summary>Binds the key to this agent: it lives as long as the agent's current incarnation.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? AgentId { get; init; }

    /// <summary>Whether a refresh token comes with it: used once, within seven days, it gives the next generation.</summary>
    public bool? Refresh { get; init; }
}

/// <summary>Body of <c>POST /keys/refresh</c>, which carries the refresh token where others carry the key; may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RefreshKeyRequest
{
    /// <summary>Seconds; what the key before was granted by default, clamped like that of a new key.</summary>
    public int? Ttl { get; init; }
}

/// <summary>Answer of <c>POST /keys</c> and <c>POST /keys/refresh</c>. The token is shown once and is never stored.</summary>
public sealed record CreatedKey
{
    public required string KeyId { get; init; }
    public required string SessionKey { get; init; }
    public required string Token { get; init; }

    /// <summary>Seconds granted; null for a bound key, which ends with its incarnation.</summary>
    public int? Ttl { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Clauses that an agent must meet to be there for this key; null for none.</summary>
    public IReadOnlyList<string>? Within { get; init; }
    public string? AgentId { get; init; }

    /// <summary>1 for a new name; one more each time the name is minted again.</summary>
    public required int Generation { get; init; }
    public string? RefreshToken { get; init; }
}

/// <summary>Answer of <c>DELETE /keys/{key_id}</c>.</summary>
public sealed record RevokedKey
{
    public required string KeyId { get; init; }

    /// <summary>This key and every key minted under it, as far as they were still valid.</summary>
    public required IReadOnlyList<string> Revoked { get; init; }
}

/// <summary>Body of <c>POST /admin/new-root</c>; may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewRootRequest
{
    /// <summary>Whether what was minted below the old root key stays valid, below the new one; by default it is revoked with it.</summary>
    public bool? KeepChildren { get; init; }
}

/// <summary>
/// Answer of <c>POST /admin/new-root</c>. The token is shown once, for whoever is not on the server's machine; there it is in
/// <c>root.key</c>.
/// </summary>
public sealed record NewRootKey
{
    public required string KeyId { get; init; }
    public required string SessionKey { get; init; }
    public required string Token { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>1 for a key that begins anew; one more than the old one's where the children were kept.</summary>
    public required int Generation { get; init; }

    /// <summary>Keys that are over by this, the old root key among them.</summary>
    public required int RevokedCount { get; init; }
}

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
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null for a key without an end of its own.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Until when its refresh token can be used; null when it has none, or that was used.</summary>
    public DateTimeOffset? RefreshableUntil { get; init; }
}

/// <summary>Answer of <c>GET /keys</c>: the caller's key and those below it, or all for admin; oldest first.</summary>
public sealed record KeyList
{
    public required IReadOnlyList<KeyRow> Keys { get; init; }

    /// <summary>Rows in this page.</summary>
    public required int Count { get; init; }
    public string? NextCursor { get; init; }
}
