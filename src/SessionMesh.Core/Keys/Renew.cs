using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>
/// <c>POST /keys/{key_id}/renew</c>: mints a key again that has expired, under the same name and with the same scopes, reach, agent and
/// lifetime. Never more than it was, never one that was revoked, and never one that another generation has followed.
/// </summary>
/// <remarks>
/// A key that has expired has left memory, so whoever asks brings it from the table. What has ended does not change any more; of one that
/// was held when it was read, the draft's own record counts.
/// </remarks>
public sealed record RenewKey : Command<Key>
{
    /// <summary>The key to renew, which the caller may see.</summary>
    public required Key Key { get; init; }

    /// <summary>Whether the table has a later generation of its name.</summary>
    public required bool HasSuccessor { get; init; }
    public required string NewKeyId { get; init; }

    /// <summary>SHA-256 of the new token, base64.</summary>
    public required string Hash { get; init; }

    /// <summary>SHA-256 of a new refresh token, base64, for a key that had one.</summary>
    public required string RefreshHash { get; init; }

    public override Outcome<Key> Decide(MeshDraft draft)
    {
        var held = draft.FindKey(Key.Id);
        if ((CheckState(draft, held ?? Key, held) ?? CheckAgent(draft)) is { } refused)
        {
            return refused;
        }

        var above = draft.KeysIn(Key.Parent!).Where(key => key.IsValidAt(draft.Now.Wall)).MaxBy(key => key.Generation);
        if (draft.Caller is not { } caller || !KeyRules.Fits(Key, caller) || (above is not null && !KeyRules.Fits(Key, above)))
        {
            return new MeshError(
                ErrorKind.Forbidden,
                ErrorCodes.MissingScope,
                $"The key {Key.Id} could do more than the key that renews it, or the one it hangs below. Mint another with less.");
        }

        var parent = above ?? caller;
        var isContinued = parent.Lineage == Key.Parent && draft.HasKeysIn(Key.Lineage);
        if (draft.KeysNamed(parent.Lineage, Key.Name).Find(other => other.Lineage != Key.Lineage) is { } other)
        {
            return NotRenewable($"{Key.Name} is the name of another key by now, {other.Id}");
        }

        if (!isContinued && KeyRules.Full(draft, parent, Key.IsService) is { } full)
        {
            return full;
        }

        draft.Emit(new KeyMinted
        {
            Subject = NewKeyId,
            KeyName = Key.Name,
            Parent = parent.Lineage,
            Lineage = isContinued ? Key.Lineage : null,
            Scopes = Key.Scopes.ToWords(),
            Within = Key.Reach?.Clauses,
            Hash = Hash,
            ExpiresAt = Expiry(draft, parent),
            AgentId = Key.AgentId,
            Incarnation = Key.Incarnation,
            Generation = isContinued ? Key.Generation + 1 : 1,
            RefreshHash = Key.RefreshHash is null ? null : RefreshHash,
            RefreshExpiresAt = Key.RefreshHash is null ? 0 : draft.Now.Wall + (Limits.RefreshTokenTtl * 1000L),
            Service = Key.IsService,
        });
        return draft.FindKey(NewKeyId)!;
    }

    /// <param name="key">As it is now.</param>
    /// <param name="held">The same, where it is still held.</param>
    private MeshError? CheckState(MeshDraft draft, Key key, Key? held)
    {
        if (held is null && key.EndedAt == 0)
        {
            return NotRenewable("it has just ended, and how is to be looked up again");
        }

        if (key.IsRevoked || key.Parent is null)
        {
            return NotRenewable("it was revoked");
        }

        if (key.IsValidAt(draft.Now.Wall))
        {
            return NotRenewable("it is valid");
        }

        return HasSuccessor || key.IsSucceeded || draft.KeysIn(key.Lineage).Exists(other => other.Generation > key.Generation)
            ? NotRenewable("another key of its name followed it")
            : null;
    }

    private MeshError? CheckAgent(MeshDraft draft) =>
        Key.AgentId is { } id && (draft.FindAgent(id) is not { } agent || MintKey.IncarnationFor(draft, agent) != Key.Incarnation)
            ? NotRenewable($"the incarnation {Key.Incarnation} of {id} that it is bound to is over")
            : null;

    private long Expiry(MeshDraft draft, Key parent)
    {
        var most = Key.IsService ? Limits.MaxServiceKeyTtl : Limits.MaxKeyTtl;
        var own = draft.Now.Wall + Math.Clamp(Key.Lifetime, Limits.MinKeyTtl * 1000L, most * 1000L);
        return Key.IsService ? own : KeyRules.Within(parent, own);
    }

    private MeshError NotRenewable(string why) =>
        new(
            ErrorKind.Conflict,
            ErrorCodes.NotRenewable,
            $"The key {Key.Id} is not minted again: {why}. Only one that has expired is. Mint another with POST /api/session-mesh/keys.");
}
