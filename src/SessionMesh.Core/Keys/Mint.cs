using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Mints a key under the caller's. The server generates and hashes the secrets before this, so they never come here. The scopes, the reach
/// and the life of a key lie within its parent's; a service key alone may live longer.
/// </summary>
public sealed record MintKey : Command<Key>
{
    public required string KeyId { get; init; }

    /// <summary>SHA-256 of the token, base64.</summary>
    public required string Hash { get; init; }

    /// <summary>SHA-256 of a refresh token, base64; null for none.</summary>
    public string? RefreshHash { get; init; }

    /// <summary>Defaults to the key's id.</summary>
    public string? Name { get; init; }

    /// <summary>Seconds; null for the default.</summary>
    public int? Ttl { get; init; }

    /// <summary>Null for the default.</summary>
    public ScopeSet? Scopes { get; init; }

    /// <summary>Clauses of its reach, in addition to the parent's; null for the default.</summary>
    public IReadOnlyList<string>? Within { get; init; }
    public string? AgentId { get; init; }

    /// <inheritdoc cref="Key.IsService"/>
    public bool IsService { get; init; }

    public override Outcome<Key> Decide(MeshDraft draft)
    {
        var parent = draft.Caller;
        if (IsService && CheckService(parent) is { } unfit)
        {
            return unfit;
        }

        var agent = AgentId is null ? null : draft.FindAgent(AgentId);
        if (AgentId is not null && agent is null)
        {
            return Fencing.NotFound(AgentId);
        }

        var scopes = GrantedScopes(parent);
        if ((CheckScopes(parent) ?? CheckReach(draft, parent, scopes)) is { } refused)
        {
            return refused;
        }

        var before = parent is null || Name is null ? [] : draft.KeysNamed(parent.Lineage, Name);
        var newest = before.MaxBy(key => key.Generation);
        if (newest is not null && newest.IsService != IsService)
        {
            return KeyRules.NotOfTheKind(newest);
        }

        if (before.Count == 0 && parent is not null && KeyRules.Full(draft, parent, IsService) is { } full)
        {
            return full;
        }

        if (before.Count > 0)
        {
            KeyRules.Retire(draft, before);
        }

        draft.Emit(new KeyMinted
        {
            Subject = KeyId,
            KeyName = Name ?? KeyId,
            Parent = parent?.Lineage,
            Lineage = newest?.Lineage,
            Scopes = scopes.ToWords(),
            Within = GrantedReach(parent, scopes)?.Clauses,
            Hash = Hash,
            ExpiresAt = Expiry(draft, parent),
            AgentId = AgentId,
            Incarnation = agent is null ? 0 : IncarnationFor(draft, agent),
            Generation = (newest?.Generation ?? 0) + 1,
            RefreshHash = RefreshHash,
            RefreshExpiresAt = RefreshHash is null ? 0 : draft.Now.Wall + (Limits.RefreshTokenTtl * 1000L),
            Service = IsService,
        });
        var minted = draft.FindKey(KeyId)!;
        if (newest is not null)
        {
            KeyRules.End(
                draft,
                draft.KeysUnder(minted.Lineage).Where(child => !KeyRules.Fits(child, minted)),
                lapsed: false,
                "its parent may do less now",
                []);
        }

        return minted;
    }

    private MeshError? CheckService(Key? parent)
    {
        if (parent?.Has(ScopeSet.Admin) == false)
        {
            return new MeshError(
                ErrorKind.Forbidden, ErrorCodes.MissingScope, "A service key can only be minted by a key that has admin.");
        }

        if (AgentId is not null)
        {
            return MeshError.Invalid(
                "/agent_id", "binds a key to the life of an agent, which a service key outlives: leave one of them out");
        }

        if (RefreshHash is not null)
        {
            return MeshError.Invalid("/refresh", "is not for a service key: mint it again under its name before it ends");
        }

        return Scopes switch
        {
            null => MeshError.Invalid("/scopes", "are to be named for a service key, which has no more than it needs"),
            { } scopes when (scopes & (ScopeSet.Administer | ScopeSet.KeysMint)) != ScopeSet.None => MeshError.Invalid(
                "/scopes",
                $"a service key never has {(scopes.HasFlag(ScopeSet.Administer) ? "admin" : "keys:mint")}: name what it needs instead"),
            _ => null,
        };
    }

    /// <summary>
    /// A bound key gets <c>agent:self</c> and what is asked for. Any other key gets what is asked for, or else the parent's scopes.
    /// </summary>
    private ScopeSet GrantedScopes(Key? parent)
    {
        if (AgentId is not null)
        {
            return (Scopes ?? ScopeSet.None) | ScopeSet.AgentSelf;
        }

        var scopes = Scopes ?? (parent?.Scopes & ~ScopeSet.AgentSelf) ?? ScopeSet.Admin;
        return Scopes is null && Within is not null ? scopes & ~ScopeSet.Unbounded : scopes;
    }

    private Reach? GrantedReach(Key? parent, ScopeSet scopes)
    {
        if (AgentId is null)
        {
            return Reach.Of(Within, parent?.Reach);
        }

        // A bound key with other scopes than agent:self also reaches the agents below its own, unless the caller sets the reach.
        var own = scopes == ScopeSet.AgentSelf ? Reach.OfAgent(AgentId) : Reach.OfSubtree(AgentId);
        return Reach.Of(Within ?? [own], parent?.Reach);
    }

    private MeshError? CheckScopes(Key? parent)
    {
        // A bound key speaks for its agent, which includes its row and its session's metadata: that takes the right to register it.
        if (AgentId is not null && parent?.Has(ScopeSet.RegistryWrite) == false)
        {
            return new MeshError(
                ErrorKind.Forbidden,
                ErrorCodes.MissingScope,
                "A key bound to an agent can only be minted by a key that has registry:write.");
        }

        if (AgentId is null && Scopes is { } given && given.HasFlag(ScopeSet.AgentSelf))
        {
            return MeshError.Invalid("/scopes", "agent:self binds a key to one agent: name it in agent_id");
        }

        var asked = GrantedScopes(parent) & ~ScopeSet.AgentSelf;
        if (asked == ScopeSet.None && AgentId is null)
        {
            return MeshError.Invalid("/scopes", "no scope is left, so this key could do nothing");
        }

        return parent is null || parent.Has(asked)
            ? null
            : new MeshError(
                ErrorKind.Forbidden,
                ErrorCodes.MissingScope,
                $"A key cannot grant what it does not have: {string.Join(", ", (asked & ~parent.Scopes).ToWords())}.");
    }

    private MeshError? CheckReach(MeshDraft draft, Key? parent, ScopeSet scopes)
    {
        if ((Within is not null || AgentId is not null) && (scopes & ScopeSet.Unbounded) != ScopeSet.None)
        {
            return MeshError.Invalid(
                "/scopes",
                $"{(scopes.HasFlag(ScopeSet.Administer) ? "admin" : "audit:read")} "
                + "is about the whole mesh and cannot be limited to some agents");
        }

        if (Within is not null && scopes == ScopeSet.AgentSelf)
        {
            return MeshError.Invalid(
                "/within", "has no effect on agent:self, which is for one agent anyway: add other scopes, or leave it out");
        }

        if (Reach.Of(Within) is { Clusters.Count: > 1 } or { Agents.Count: > 1 })
        {
            return MeshError.Invalid("/within", "names at most one agent and one cluster, since an agent has to meet every clause");
        }

        var reach = GrantedReach(parent, scopes);
        if (reach is { Clusters.Count: > 1 } or { Agents.Count: > 1 })
        {
            return new MeshError(
                ErrorKind.Forbidden,
                ErrorCodes.OutsideReach,
                $"No agent is within {reach}, which includes the reach of the minting key. Name what is within that.");
        }

        foreach (var id in (reach?.Agents ?? []).Concat(reach?.Subtrees ?? []))
        {
            if (draft.FindAgent(id) is null && draft.Caller?.Reach?.Subtrees.Contains(id) != true)
            {
                return Fencing.NotFound(id);
            }
        }

        return null;
    }

    /// <summary>Whether the key that an operator handed out, from which this one descends, is bound to an agent.</summary>
    internal static bool IsAgents(MeshDraft draft, Key key) =>
        key.Account is { } account && draft.KeysIn(account).Exists(k => k.AgentId is not null);

    /// <summary>
    /// The incarnation that a key bound to an agent is for: the one that lives, else the one that its next registration begins.
    /// </summary>
    internal static int IncarnationFor(MeshDraft draft, Agent agent) =>
        agent.HasSession ? agent.Incarnation : RegistrationRules.FirstOrNext(draft, agent);

    /// <summary>Wall milliseconds; 0 for a key without an end of its own. Never past the parent's, but for a service key.</summary>
    private long Expiry(MeshDraft draft, Key? parent)
    {
        if (IsService)
        {
            var ttl = Math.Clamp(Ttl ?? Limits.DefaultServiceKeyTtl, Limits.MinKeyTtl, Limits.MaxServiceKeyTtl);
            return draft.Now.Wall + (ttl * 1000L);
        }

        var own = parent is null || (AgentId is not null && Ttl is null)
            ? 0
            : draft.Now.Wall + (Math.Clamp(Ttl ?? Limits.DefaultKeyTtl, Limits.MinKeyTtl, Limits.MaxKeyTtl) * 1000L);
        return KeyRules.Within(parent, own);
    }
}
