using SessionMesh.Core.Agents;

namespace SessionMesh.Core.Keys;

/// <summary>What a key may do; see the contract's list of scopes. Stored as words.</summary>
[Flags]
public enum ScopeSet : ushort
{
    None = 0,
    MeshRead = 1,
    RegistryWrite = 2,
    Steer = 4,
    Kill = 8,
    SessionsRead = 16,
    SessionsWrite = 32,
    KeysMint = 64,
    AuditRead = 128,
    AgentSelf = 256,

    /// <summary>What only <see cref="Admin"/> has.</summary>
    Administer = 512,

    /// <summary>Scopes about the mesh as a whole: a key that has one of them cannot be limited to some agents.</summary>
    Unbounded = Administer | AuditRead,

    /// <summary>Everything but <see cref="AgentSelf"/>, which binds rather than grants.</summary>
    Admin = Administer | MeshRead | RegistryWrite | Steer | Kill | SessionsRead | SessionsWrite | KeysMint | AuditRead,
}

/// <summary>A bearer token as the mesh knows it: never the secret, only its SHA-256. Immutable; held while it can still be used.</summary>
public sealed record Key
{
    /// <summary>Revision of the change that minted it.</summary>
    public required long Revision { get; init; }

    /// <summary>Twelve characters; what logs, audit and lists show.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>
    /// Id of the first key of its name; all generations share it. Children and revocation go by the lineage and not by the id, so that what
    /// one generation minted stays with the next.
    /// </summary>
    public required string Lineage { get; init; }

    /// <summary>Lineage of the key that minted it; null for the root key and what replaced it.</summary>
    public string? Parent { get; init; }

    /// <summary>
    /// The uppermost lineage above it (itself included) without the admin scope: what an operator handed out. It and all below it share the
    /// quotas. Null for an admin key that has only admin keys above it.
    /// </summary>
    public string? Account { get; init; }
    public required ScopeSet Scopes { get; init; }

    /// <summary>The agents it is for; null for all.</summary>
    public Reach? Reach { get; init; }

    /// <summary>SHA-256 of the token, base64.</summary>
    public required string Hash { get; init; }

    /// <summary>Wall milliseconds.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>Wall milliseconds; 0 for none.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>
    /// Milliseconds it was granted when it was minted, even if a successor has brought its end nearer; 0 for a key without an end.
    /// </summary>
    public long Lifetime { get; init; }

    /// <summary>Id of the agent it is bound to; null for none.</summary>
    public string? AgentId { get; init; }

    /// <summary>The incarnation it ends with, for a bound key.</summary>
    public int Incarnation { get; init; }

    /// <summary>1 for a new name, one more each time the name is minted again under the same parent, or refreshed.</summary>
    public int Generation { get; init; } = 1;

    /// <summary>SHA-256 of the refresh token that came with it, base64; null for none.</summary>
    public string? RefreshHash { get; init; }

    /// <summary>Wall milliseconds until which the refresh token can be used, or a second use of it is noticed; 0 for none.</summary>
    public long RefreshExpiresAt { get; init; }

    /// <summary>Wall milliseconds at which the refresh token was used; 0 if it was not.</summary>
    public long RefreshedAt { get; init; }

    /// <summary>
    /// Whether it is for what runs for months: minted by an admin key alone, never with admin or keys:mint, and not ended by the end of the
    /// key that minted it, unless that one is revoked.
    /// </summary>
    public bool IsService { get; init; }

    /// <summary>
    /// Wall milliseconds until which it is held after its own end, because a service key below it was granted so long: as long as it is
    /// held it can be revoked, and the service key with it. 0 for none.
    /// </summary>
    public long KeptUntil { get; init; }

    /// <summary>Wall milliseconds of a service key's last use as the log has it, behind by up to an hour; 0 for none.</summary>
    public long LastUsedAt { get; init; }

    /// <summary>Whether it ended by being revoked, itself or with another, and not by its time.</summary>
    public bool IsRevoked { get; init; }

    /// <summary>
    /// Wall milliseconds at which it ended; 0 while it is held. A key leaves memory when neither it nor its refresh token can be used any
    /// more, and stays in its table.
    /// </summary>
    public long EndedAt { get; init; }

    /// <summary>
    /// Wall milliseconds after which neither the key nor its refresh token is of any use, and no service key hangs below it; 0 for never.
    /// </summary>
    public long HeldUntil => ExpiresAt == 0 ? 0 : Math.Max(Math.Max(ExpiresAt, RefreshExpiresAt), KeptUntil);

    /// <summary>
    /// Whether another generation took its place: it was refreshed, or got an earlier end than it was granted. A successor that came in its
    /// last seconds is not noticed here.
    /// </summary>
    public bool IsSucceeded => RefreshedAt != 0 || (ExpiresAt != 0 && ExpiresAt < CreatedAt + Lifetime);

    /// <summary>Whether it authenticates a caller at that time.</summary>
    public bool IsValidAt(long wall) => EndedAt == 0 && (ExpiresAt == 0 || wall < ExpiresAt);

    /// <summary>Whether its refresh token is still known, used or not.</summary>
    public bool IsRefreshKnownAt(long wall) => EndedAt == 0 && RefreshHash is not null && wall < RefreshExpiresAt;

    public bool Has(ScopeSet scope) => (Scopes & scope) == scope;

    /// <summary>
    /// Whether this key reaches an agent. A key without a reach reaches all agents, and a bound key always reaches its own.
    /// </summary>
    /// <param name="at">Finds an agent by its number; null for one that was forgotten.</param>
    public bool Reaches(Agent agent, Func<int, Agent?> at) => Reach is null || agent.Id == AgentId || Reach.Covers(agent, at);
}

/// <summary>Scopes as the words of the wire.</summary>
public static class ScopeWords
{
    private static readonly (ScopeSet Scope, string Word)[] s_words =
    [
        (ScopeSet.Admin, "admin"),
        (ScopeSet.MeshRead, "mesh:read"),
        (ScopeSet.RegistryWrite, "registry:write"),
        (ScopeSet.Steer, "steer"),
        (ScopeSet.Kill, "kill"),
        (ScopeSet.SessionsRead, "sessions:read"),
        (ScopeSet.SessionsWrite, "sessions:write"),
        (ScopeSet.KeysMint, "keys:mint"),
        (ScopeSet.AuditRead, "audit:read"),
        (ScopeSet.AgentSelf, "agent:self"),
    ];

    public static string[] ToWords(this ScopeSet scopes) =>
        scopes.HasFlag(ScopeSet.Admin)
            ? [.. s_words.Where(w => w.Scope is ScopeSet.Admin or ScopeSet.AgentSelf && scopes.HasFlag(w.Scope)).Select(w => w.Word)]
            : [.. s_words.Where(w => scopes.HasFlag(w.Scope)).Select(w => w.Word)];

    public static bool TryParse(string word, out ScopeSet scope)
    {
        scope = Array.Find(s_words, w => w.Word == word).Scope;
        return scope != ScopeSet.None;
    }

    public static ScopeSet Parse(IEnumerable<string> words) =>
        words.Aggregate(ScopeSet.None, (all, word) => TryParse(word, out var scope) ? all | scope : all);
}
