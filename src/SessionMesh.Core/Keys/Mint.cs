using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Mints a key under the caller's. The secrets were made, and hashed, before this; they never come here. What a key may do, to whom
/// and for how long lies within what its parent may.
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

    /// <summary>Clauses of its reach, beside the parent's; null for no more than those.</summary>
    public IReadOnlyList<string>? Within { get; init; }
    public string? AgentId { get; init; }

    public override Outcome<Key> Decide(MeshDraft draft)
    {
        var parent = draft.Caller;
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
        if (before.Count == 0 && parent is not null && CheckQuota(draft, parent) is { } full)
        {
            return full;
        }

        if (before.Count > 0)
        {
            KeyRules.Retire(draft, before);
        }

        var newest = before.MaxBy(key => key.Generation);
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
            Incarnation = agent is null ? 0 : agent.HasSession ? agent.Incarnation : agent.Incarnation + 1,
            Generation = (newest?.Generation ?? 0) + 1,
            RefreshHash = RefreshHash,
            RefreshExpiresAt = RefreshHash is null ? 0 : draft.Now.Wall + (Limits.RefreshTokenTtl * 1000L),
        });
        var minted = draft.FindKey(KeyId)!;
        if (newest is not null)
        {
            KeyRules.End(
                draft,
                draft.KeysUnder(minted.Lineage).Where(child => !KeyRules.Fits(child, minted)),
                lapsed: false,
                "its parent may less by now",
                []);
        }

        return minted;
    }

    /// <summary>
    /// A bound key has <c>agent:self</c> and what is asked for beside it; another one what is asked for, or the parent's scopes.
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

        // Beside its own agent, a bound key is for what is below it, unless the caller says else.
        var own = scopes == ScopeSet.AgentSelf ? Reach.OfAgent(AgentId) : Reach.OfSubtree(AgentId);
        return Reach.Of(Within ?? [own], parent?.Reach);
    }

    private MeshError? CheckScopes(Key? parent)
    {
        // Who may register an agent may speak for it: that is what a bound key does, its row and its session's metadata included.
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
            return MeshError.Invalid("/scopes", "nothing is left that this key could do");
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
                "/within", "limits other scopes than agent:self, which is for one agent anyway: add some, or leave it out");
        }

        var reach = GrantedReach(parent, scopes);
        if (reach is { Clusters.Count: > 1 } or { Agents.Count: > 1 })
        {
            return new MeshError(
                ErrorKind.Forbidden,
                ErrorCodes.OutsideReach,
                $"A key reaches no further than the key that mints it, which is within {parent?.Reach?.ToString() ?? "one of each kind"}.");
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

    private static MeshError? CheckQuota(MeshDraft draft, Key parent)
    {
        if (KeyRules.Depth(draft, parent.Lineage) >= Limits.KeyDepth)
        {
            return new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.KeyQuota,
                $"Keys are minted at most {Limits.KeyDepth} deep. Mint this one with a key further up.");
        }

        var most = IsAgents(draft, parent) ? Limits.KeysPerAgentKey : Limits.KeysPerKey;
        return parent.Account is { } account && draft.LineagesOf(account) > most
            ? new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.KeyQuota,
                $"The key {account} and those below it have {most} keys, which is the most. Revoke some, or rotate one by its name.")
            : null;
    }

    /// <summary>Whether what an operator gave out, and this key descends from, is an agent's key.</summary>
    internal static bool IsAgents(MeshDraft draft, Key key) =>
        key.Account is { } account && draft.KeysIn(account).Exists(k => k.AgentId is not null);

    /// <summary>Wall milliseconds; 0 for a key without an end of its own. Never past the parent's.</summary>
    private long Expiry(MeshDraft draft, Key? parent)
    {
        var own = parent is null || (AgentId is not null && Ttl is null)
            ? 0
            : draft.Now.Wall + (Math.Clamp(Ttl ?? Limits.DefaultKeyTtl, Limits.MinKeyTtl, Limits.MaxKeyTtl) * 1000L);
        return KeyRules.Within(parent, own);
    }
}
