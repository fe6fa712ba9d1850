using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Revokes a key at once, with all generations of its name and every key below it. A key may revoke itself and what it minted; admin may
/// revoke any.
/// </summary>
public sealed record RevokeKey : Command<IReadOnlyList<string>>
{
    public required string KeyId { get; init; }

    public override bool IsVital(MeshState state) => true;

    public override Outcome<IReadOnlyList<string>> Decide(MeshDraft draft)
    {
        if (draft.FindKey(KeyId) is not { } key || !MaySee(draft, key))
        {
            return NotFound(KeyId);
        }

        var ended = new List<string>();
        var own = draft.KeysIn(key.Lineage);
        KeyRules.End(draft, own.OrderByDescending(k => k.Id == KeyId).ThenByDescending(k => k.Generation), lapsed: false, "revoked", ended);
        return ended;
    }

    public static MeshError NotFound(string keyId) =>
        new(
            ErrorKind.NotFound,
            ErrorCodes.KeyNotFound,
            $"No key '{keyId}' is yours to see. A key id is the 12 characters after smk_; list yours with GET /api/session-mesh/keys.");

    private static bool MaySee(MeshDraft draft, Key key) =>
        draft.Caller is not { } caller || caller.Has(ScopeSet.Admin) || KeyRules.IsAtOrBelow(draft, key.Lineage, caller.Lineage);
}

/// <summary>Ends keys that are due to end. What is left for now is found again at the next tick.</summary>
public sealed record ExpireKeys : Command<int>
{
    public override bool IsForTheJudge => true;

    /// <summary>How many due keys one command takes; the keys below them end with them.</summary>
    private const int Most = 1000;

    /// <summary>Returns how many ended.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var ended = new List<string>();
        foreach (var id in draft.Base.Keys.Expired(draft.Now.Wall).Take(Most))
        {
            if (draft.FindKey(id) is { HeldUntil: > 0 and var until } key && until <= draft.Now.Wall)
            {
                KeyRules.End(draft, [key], lapsed: true, null, ended);
            }
        }

        return ended.Count;
    }
}
