using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Keys;

/// <summary>Body of <c>POST /keys</c>; every member may be left out, and so may the body.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CreateKeyRequest
{
    /// <summary>A name for the key, never the secret; unique under the key that mints.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? SessionKey { get; init; }

    /// <summary>
    /// Seconds; 3600 by default, clamped to 60…86,400 and to the parent's own end. For a service key 90 days by default, clamped to
    /// 60…31,622,400 (366 days) alone.
    /// </summary>
    public int? Ttl { get; init; }

    /// <summary>
    /// Within the parent's; the parent's own by default, <c>agent:self</c> for a bound key, which has it beside whatever is named here.
    /// </summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>
    /// Limits the scopes to agents that meet every clause: `agent:ID`, `cluster:NAME`, `subtree:ID`. The parent's clauses hold
    /// as well. By default no more than those; for a bound key with other scopes its own subtree.
    /// </summary>
    public IReadOnlyList<string>? Within { get; init; }

    /// <summary>Binds the key to this agent: it lives as long as the agent's current incarnation.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? AgentId { get; init; }

    /// <summary>Whether a refresh token comes with it: used once, within seven days, it gives the next generation.</summary>
    public bool? Refresh { get; init; }

    /// <summary>
    /// Whether it is a service key, for what runs for months; false by default. Only <c>admin</c> mints one. It names its scopes, never
    /// <c>admin</c> or <c>keys:mint</c>, has no refresh token and no agent, outlives the key that mints it, and ends when that is revoked.
    /// </summary>
    public bool? Service { get; init; }
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

    /// <inheritdoc cref="CreateKeyRequest.Service"/>
    public bool Service { get; init; }
}
