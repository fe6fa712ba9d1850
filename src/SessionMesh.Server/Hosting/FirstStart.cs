using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Hosting;

/// <summary>What happens between the store being open and the first request.</summary>
internal static class FirstStart
{
    /// <summary>
    /// An empty store gets its root key: the secret goes into <c>root.key</c>, for its owner alone, before the key is valid, so
    /// that a crash in between leaves a key file without a key and the next start makes both again.
    /// </summary>
    public static async Task MintRootKeyAsync(MeshEngine engine, DataDirectory directory)
    {
        if (engine.State.Revision > 0)
        {
            return;
        }

        var (id, token) = KeyToken.New();
        directory.WriteNextRootKey(token);
        directory.PutNextRootKeyInPlace();
        var mint = new MintKey { Actor = Actors.Mesh, KeyId = id, Hash = KeyToken.Hash(token), Name = ReplaceRoot.Name };
        var minted = await engine.ExecuteAsync(mint, Origin.Mesh);
        if (!minted.Succeeded)
        {
            throw new StartupException($"The root key could not be stored: {minted.Error.Detail}");
        }
    }
}
