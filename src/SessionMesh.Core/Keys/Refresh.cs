using SessionMesh.Contracts;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>The result of a refresh: the next key, or null when the token had been used before and its family is revoked.</summary>
public sealed record Refreshed(Key? Key);

/// <summary>
/// <c>POST /keys/refresh</c>: trades a refresh token for the next generation of its key, with a refresh token of its own. A token that is
/// used twice is in two hands, so all keys of that name end, and all below them.
/// </summary>
public sealed record RefreshKey : Command<Refreshed>
{
    /// <summary>The key that the token came with.</summary>
    public required string KeyId { get; init; }
    public required string NewKeyId { get; init; }

    /// <summary>SHA-256 of the new token, base64.</summary>
    public required string Hash { get; init; }

    /// <summary>SHA-256 of the new refresh token, base64.</summary>
    public required string RefreshHash { get; init; }

    /// <summary>Seconds; null for as long as the previous key was granted.</summary>
    public int? Ttl { get; init; }

    private const int GenerationsKept = 1000;

    /// <inheritdoc/>
    public override bool NeedsValidKey => false;

    public override Outcome<Refreshed> Decide(MeshDraft draft)
    {
        if (draft.FindKey(KeyId) is not { } key || !key.IsRefreshKnownAt(draft.Now.Wall))
        {
            return KeyRules.Unauthenticated();
        }

        if (key.RefreshedAt != 0)
        {
            KeyRules.End(draft, draft.KeysIn(key.Lineage), lapsed: false, "its refresh token was used twice", []);
            return new Refreshed(null);
        }

        // If the name was minted again since, the token is of no use: the key that replaced its own may be allowed less.
        var generations = draft.KeysIn(key.Lineage);
        if (key.Generation != generations.Max(k => k.Generation))
        {
            return KeyRules.Unauthenticated();
        }

        var parent = key.Parent is null ? null : draft.KeysIn(key.Parent).Where(k => k.IsValidAt(draft.Now.Wall)).MaxBy(k => k.Generation);
        if (key.Parent is not null && parent?.Has(key.Scopes & ~ScopeSet.AgentSelf) != true)
        {
            return KeyRules.Unauthenticated(); // its parent has expired and must be refreshed first, or lacks a scope now
        }

        draft.Emit(new KeyRefreshed { Subject = KeyId });
        KeyRules.Retire(draft, generations);
        draft.Emit(new KeyMinted
        {
            Subject = NewKeyId,
            KeyName = key.Name,
            Parent = key.Parent,
            Lineage = key.Lineage,
            Scopes = key.Scopes.ToWords(),
            Within = Reach.Of(key.Reach?.Clauses, parent?.Reach)?.Clauses,
            Hash = Hash,
            ExpiresAt = KeyRules.Within(parent, draft.Now.Wall + Lifetime(key)),
            Generation = generations.Max(k => k.Generation) + 1,
            RefreshHash = RefreshHash,
            RefreshExpiresAt = draft.Now.Wall + (Limits.RefreshTokenTtl * 1000L),
        });

        // A second use is noticed for more generations than an hour-long key has in a month; older tokens are simply not valid.
        KeyRules.End(draft, generations.OrderByDescending(k => k.Generation).Skip(GenerationsKept), lapsed: true, null, []);
        return new Refreshed(draft.FindKey(NewKeyId));
    }

    /// <summary>Milliseconds.</summary>
    private long Lifetime(Key key) =>
        Ttl is { } seconds ? Math.Clamp(seconds, Limits.MinKeyTtl, Limits.MaxKeyTtl) * 1000L
        : Math.Clamp(key.Lifetime, Limits.MinKeyTtl * 1000L, Limits.MaxKeyTtl * 1000L);
}
