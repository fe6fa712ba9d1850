using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>How keys follow one another, and how they end.</summary>
public static class KeyRules
{
    /// <summary>Milliseconds for which the previous generation stays valid, for calls under way.</summary>
    public const long RotationOverlap = 30_000;

    /// <summary>The same text for every key that is not valid, whatever the reason.</summary>
    public static MeshError Unauthenticated() =>
        new(ErrorKind.Unauthenticated, ErrorCodes.Unauthenticated,
            "Send Authorization: Bearer KEY with a valid key. Mint one with POST /api/session-mesh/keys or 'session-mesh keys create', "
            + "using a key that has keys:mint; or trade a refresh token for one with POST /api/session-mesh/keys/refresh; "
            + "the root key of this server is in the file root.key of its data directory.");

    /// <summary>A name cannot change between a service key and another one: whoever uses it would be surprised by its end.</summary>
    internal static MeshError NotOfTheKind(Key key) =>
        new(
            ErrorKind.Conflict,
            ErrorCodes.KeyNameTaken,
            key.IsService
                ? $"{key.Name} is the name of a service key, {key.Id}. Send \"service\": true to rotate it, revoke it first, or take "
                    + "another name."
                : $"{key.Name} is the name of a key that is no service key, {key.Id}. Revoke it first, or take another name.");

    /// <summary>
    /// Call before the next generation is minted. The newest one stays valid for <see cref="RotationOverlap"/>, the older ones end now.
    /// </summary>
    internal static void Retire(MeshDraft draft, IReadOnlyCollection<Key> generations)
    {
        var newest = generations.Max(key => key.Generation);
        foreach (var key in generations)
        {
            var until = draft.Now.Wall + (key.Generation == newest ? RotationOverlap : 0);
            if (key.ExpiresAt == 0 || key.ExpiresAt > until)
            {
                draft.Emit(new KeyLimited { Subject = key.Id, ExpiresAt = until });
            }
        }
    }

    /// <summary>
    /// Ends keys and, with the last key of a lineage, everything that was minted under it. Adds the ids of the keys that ended to
    /// <paramref name="ended"/>, parents first.
    /// </summary>
    internal static void End(MeshDraft draft, IEnumerable<Key> keys, bool lapsed, string? reason, List<string> ended)
    {
        var open = new Queue<(Key Key, string? Reason)>(keys.Select(key => (key, reason)));
        while (open.TryDequeue(out var next))
        {
            var (key, why) = next;
            if (draft.FindKey(key.Id) is null)
            {
                continue; // ended with another one
            }

            draft.Emit(new KeyEnded { Subject = key.Id, Lapsed = lapsed, Reason = why });
            ended.Add(key.Id);
            if (draft.HasKeysIn(key.Lineage))
            {
                continue;
            }

            foreach (var child in draft.KeysUnder(key.Lineage))
            {
                open.Enqueue((child, lapsed ? null : "its parent was revoked"));
            }
        }
    }

    /// <summary>
    /// Ends the keys bound to incarnations of an agent that are over. A key that was minted for the next incarnation stays.
    /// </summary>
    /// <param name="upTo">The incarnation that ended.</param>
    internal static void EndBoundTo(MeshDraft draft, string agentId, int upTo, string reason) =>
        End(draft, draft.KeysBoundTo(agentId).Where(key => key.Incarnation <= upTo), lapsed: false, reason, []);

    /// <summary>Whether the scopes and the reach of a key lie within its parent's.</summary>
    internal static bool Fits(Key child, Key parent) =>
        parent.Has(child.Scopes & ~ScopeSet.AgentSelf)
        && (!child.IsService || parent.Has(ScopeSet.Admin))
        && (child.AgentId is null || parent.Has(ScopeSet.RegistryWrite))
        && (parent.Reach is null || parent.Reach.Clauses.All(clause => child.Reach?.Clauses.Contains(clause) == true));

    /// <summary>An expiry in wall milliseconds (0 for none), limited to the parent's.</summary>
    internal static long Within(Key? parent, long own) =>
        parent is { ExpiresAt: > 0 } && (own == 0 || own > parent.ExpiresAt) ? parent.ExpiresAt : own;

    /// <summary>Whether a lineage is the other or was minted below it, at any depth.</summary>
    internal static bool IsAtOrBelow(MeshDraft draft, string lineage, string upper)
    {
        for (var at = lineage; at is not null; at = draft.LineageAbove(at))
        {
            if (at == upper)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Null if one more name may be minted under a key.</summary>
    internal static MeshError? Full(MeshDraft draft, Key parent, bool isService)
    {
        if (isService && draft.ServiceKeys >= Limits.ServiceKeys)
        {
            return new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.KeyQuota,
                $"There are {Limits.ServiceKeys} service keys, which is the limit. Revoke some, or rotate one by its name.");
        }

        if (Depth(draft, parent.Lineage) >= Limits.KeyDepth)
        {
            return new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.KeyQuota,
                $"Keys are minted at most {Limits.KeyDepth} deep. Mint this one with a key further up.");
        }

        var most = MintKey.IsAgents(draft, parent) ? Limits.KeysPerAgentKey : Limits.KeysPerKey;
        return parent.Account is { } account && draft.LineagesOf(account) > most
            ? new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.KeyQuota,
                $"The key {account} has {most} keys below it, which is the limit. Revoke some, or rotate one by its name.")
            : null;
    }

    /// <summary>How deep a lineage is: how many there are above it, itself included.</summary>
    internal static int Depth(MeshDraft draft, string lineage)
    {
        var depth = 0;
        for (var at = lineage; at is not null; at = draft.LineageAbove(at))
        {
            depth++;
        }

        return depth;
    }
}
