using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>Mints a key under another. The secret was made, and hashed, before this; it never comes here.</summary>
public sealed record MintKey : Command<Key>
{
    /// <summary>Id of the key that mints; null for the root key.</summary>
    public string? Parent { get; init; }
    public required string KeyId { get; init; }

    /// <summary>SHA-256 of the token, base64.</summary>
    public required string Hash { get; init; }

    /// <summary>Defaults to the key's id.</summary>
    public string? Name { get; init; }

    /// <summary>Seconds; null for the default.</summary>
    public int? Ttl { get; init; }

    /// <summary>Null for the default.</summary>
    public ScopeSet? Scopes { get; init; }
    public string? AgentId { get; init; }

    public override Outcome<Key> Decide(MeshDraft draft)
    {
        var parent = Parent is null ? null : draft.FindKey(Parent);
        if (Parent is not null && parent?.IsValidAt(draft.Now.Wall) != true)
        {
            return KeyRules.Unauthenticated(); // revoked while this call was queued
        }

        var agent = AgentId is null ? null : draft.FindAgent(AgentId);
        if (AgentId is not null && agent is null)
        {
            return Fencing.NotFound(AgentId);
        }

        if (CheckScopes(parent) is { } error)
        {
            return error;
        }

        var generation = RetireSameName(draft);
        draft.Emit(new KeyMinted
        {
            Subject = KeyId,
            KeyName = Name ?? KeyId,
            Parent = Parent,
            Scopes = Granted(parent).ToWords(),
            Hash = Hash,
            ExpiresAt = Expiry(draft, parent),
            AgentId = AgentId,
            Incarnation = agent is null ? 0 : agent.HasSession ? agent.Incarnation : agent.Incarnation + 1,
            Generation = generation,
        });
        return draft.FindKey(KeyId)!;
    }

    private ScopeSet Granted(Key? parent) =>
        AgentId is not null ? ScopeSet.AgentSelf : Scopes ?? parent?.Scopes ?? ScopeSet.Admin;

    private MeshError? CheckScopes(Key? parent)
    {
        if (AgentId is not null)
        {
            // What a bound key may do for its agent, registry:write may do for any: nobody grants more than that.
            if (parent?.Has(ScopeSet.RegistryWrite) == false)
            {
                return new MeshError(403, ErrorCodes.MissingScope, "A key bound to an agent can only be minted by a key that has registry:write.");
            }

            return Scopes is null or ScopeSet.AgentSelf
                ? null
                : MeshError.Invalid("/scopes", "a key bound to an agent has the scope agent:self and no other", [Contracts.Keys.Scopes.AgentSelf]);
        }

        if (Scopes is not { } asked)
        {
            return null;
        }

        if (asked.HasFlag(ScopeSet.AgentSelf))
        {
            return MeshError.Invalid("/scopes", "agent:self binds a key to one agent: name it in agent_id");
        }

        return parent is null || parent.Has(asked)
            ? null
            : new MeshError(403, ErrorCodes.MissingScope, $"A key cannot grant what it does not have: {string.Join(", ", (asked & ~parent.Scopes).ToWords())}.");
    }

    /// <summary>Wall milliseconds; 0 for a key without an end of its own. Never past the parent's.</summary>
    private long Expiry(MeshDraft draft, Key? parent)
    {
        var own = Parent is null || (AgentId is not null && Ttl is null)
            ? 0
            : draft.Now.Wall + (Math.Clamp(Ttl ?? Limits.DefaultKeyTtl, Limits.MinKeyTtl, Limits.MaxKeyTtl) * 1000L);
        return parent is { ExpiresAt: > 0 } && (own == 0 || own > parent.ExpiresAt) ? parent.ExpiresAt : own;
    }

    /// <summary>The same name under the same parent is the next generation; the one before stays valid a little, for calls under way.</summary>
    private int RetireSameName(MeshDraft draft)
    {
        if (Name is null || Parent is null)
        {
            return 1;
        }

        var generation = 0;
        var until = draft.Now.Wall + KeyRules.RotationOverlap;
        foreach (var key in draft.KeysUnder(Parent))
        {
            if (key.Name == Name)
            {
                generation = Math.Max(generation, key.Generation);
                if (key.ExpiresAt == 0 || key.ExpiresAt > until)
                {
                    draft.Emit(new KeyLimited { Subject = key.Id, ExpiresAt = until });
                }
            }
        }

        return generation + 1;
    }
}

/// <summary>Revokes a key and, at once, every key below it. A key may revoke itself and what it minted; admin may revoke any.</summary>
public sealed record RevokeKey : Command<IReadOnlyList<string>>
{
    public required string KeyId { get; init; }
    public bool AnyKey { get; init; }

    public override Outcome<IReadOnlyList<string>> Decide(MeshDraft draft)
    {
        if (draft.FindKey(KeyId) is not { } key || !(AnyKey || IsAtOrBelow(draft, key)))
        {
            return new MeshError(404, ErrorCodes.KeyNotFound, $"No valid key '{KeyId}' is yours to revoke. A key id is the 12 characters after smk_.");
        }

        var ended = new List<string>();
        KeyRules.End(draft, key, lapsed: false, "revoked", ended);
        return ended;
    }

    private bool IsAtOrBelow(MeshDraft draft, Key key)
    {
        for (var above = key; above is not null; above = above.Parent is null ? null : draft.FindKey(above.Parent))
        {
            if (above.Id == Actor)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Ends keys whose time is over.</summary>
public sealed record ExpireKeys : Command<int>
{
    /// <summary>Answers how many ended.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var ended = new List<string>();
        foreach (var id in draft.Base.Keys.Expired(draft.Now.Wall))
        {
            if (draft.FindKey(id) is { } key && !key.IsValidAt(draft.Now.Wall))
            {
                KeyRules.End(draft, key, lapsed: true, null, ended);
            }
        }

        return ended.Count;
    }
}

/// <summary>How keys end.</summary>
public static class KeyRules
{
    /// <summary>Milliseconds for which the generation before stays valid.</summary>
    public const long RotationOverlap = 30_000;

    /// <summary>The same words for every key that is not valid, whatever the reason.</summary>
    public static MeshError Unauthenticated() =>
        new(401, ErrorCodes.Unauthenticated,
            "Send Authorization: Bearer KEY with a valid key. Mint one with POST /api/session-mesh/keys or 'session-mesh keys create', "
            + "using a key that may; the root key of this server is in the file root.key of its data directory.");

    internal static void End(MeshDraft draft, Key key, bool lapsed, string? reason, List<string> ended)
    {
        foreach (var child in draft.KeysUnder(key.Id))
        {
            End(draft, child, lapsed, lapsed ? null : "its parent was revoked", ended);
        }

        draft.Emit(new KeyEnded { Subject = key.Id, Lapsed = lapsed, Reason = reason });
        ended.Add(key.Id);
    }

    /// <summary>A key bound to an agent lives as long as its incarnation; one that was minted for the next waits for that.</summary>
    /// <param name="upTo">The incarnation that ended.</param>
    internal static void EndBoundTo(MeshDraft draft, string agentId, int upTo, string reason)
    {
        foreach (var key in draft.KeysBoundTo(agentId))
        {
            // A child key may have ended with another one in this loop.
            if (key.Incarnation <= upTo && draft.FindKey(key.Id) is { } valid)
            {
                End(draft, valid, lapsed: false, reason, []);
            }
        }
    }
}
