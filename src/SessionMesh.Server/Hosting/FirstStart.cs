using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Hosting;

/// <summary>What a new store needs before the first request.</summary>
internal static class FirstStart
{
    /// <summary>
    /// Mints the root key of an empty store. The secret is in <c>root.key</c>, readable by its owner alone, before the key is valid: a
    /// crash in between leaves a file with a key that is not valid, and the next start makes both again.
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
