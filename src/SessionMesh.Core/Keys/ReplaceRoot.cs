using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>The result of replacing the root key.</summary>
/// <param name="Key">The new one.</param>
/// <param name="Ended">How many keys it ended, the old root key among them.</param>
public sealed record RootReplaced(Key Key, int Ended);

/// <summary>
/// Mints a new root key and revokes the old one with every key below it, for when it was stolen. If the root key was revoked and none is
/// left, there is one again.
/// </summary>
/// <remarks>
/// With <see cref="KeepChildren"/> the new key is the next generation of the old one's lineage. Children go by the lineage, so they are
/// below the new key at once and their records do not change. Unlike in a rotation, the previous generation ends at once: it may be in the
/// wrong hands.
/// </remarks>
public sealed record ReplaceRoot : Command<RootReplaced>
{
    public const string Name = "root";

    public required string KeyId { get; init; }

    /// <summary>SHA-256 of the token, base64.</summary>
    public required string Hash { get; init; }

    /// <summary>Whether keys minted below the old one stay valid, below the new one.</summary>
    public bool KeepChildren { get; init; }

    public override Outcome<RootReplaced> Decide(MeshDraft draft)
    {
        var before = draft.RootKeys();
        var continued = KeepChildren ? before.MaxBy(key => key.Generation) : null;
        draft.Emit(new KeyMinted
        {
            Subject = KeyId,
            KeyName = Name,
            Lineage = continued?.Lineage,
            Scopes = ScopeSet.Admin.ToWords(),
            Hash = Hash,
            Generation = (continued?.Generation ?? 0) + 1,
        });
        var ended = new List<string>();
        KeyRules.End(draft, before, lapsed: false, "the root key was replaced", ended);
        return new RootReplaced(draft.FindKey(KeyId)!, ended.Count);
    }
}
