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

    /// <summary>Within the parent's; the parent's own by default, <c>agent:self</c> for a bound key.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>Binds the key to this agent: it lives as long as the agent's current incarnation.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? AgentId { get; init; }
    public bool? Refresh { get; init; }
}

/// <summary>Answer of <c>POST /keys</c>. The token is shown once and is never stored.</summary>
public sealed record CreatedKey
{
    public required string KeyId { get; init; }
    public required string SessionKey { get; init; }
    public required string Token { get; init; }

    /// <summary>Seconds granted; null for a bound key, which ends with its incarnation.</summary>
    public int? Ttl { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public required IReadOnlyList<string> Scopes { get; init; }
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
