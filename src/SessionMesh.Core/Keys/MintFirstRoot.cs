using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Mints the root key of a mesh that never had a key. Of several nodes that start at once on a new mesh, one does; the others find its key
/// there and leave none behind.
/// </summary>
public sealed record MintFirstRoot : Command<Key>
{
    public required string KeyId { get; init; }

    /// <summary>SHA-256 of the token, base64.</summary>
    public required string Hash { get; init; }

    public override Outcome<Key> Decide(MeshDraft draft)
    {
        if (draft.Revision > 0)
        {
            return new MeshError(ErrorKind.Conflict, ErrorCodes.Busy, "This mesh has a root key: another node minted it.");
        }

        draft.Emit(new KeyMinted
        {
            Subject = KeyId,
            KeyName = ReplaceRoot.Name,
            Scopes = ScopeSet.Admin.ToWords(),
            Hash = Hash,
            Generation = 1,
        });
        return draft.FindKey(KeyId)!;
    }
}
