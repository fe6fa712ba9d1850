using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
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
    /// Mints the root key of an empty store. The secret is on the disk beside <c>root.key</c>, readable by its owner alone, before the key
    /// is valid, and takes that name afterwards: a crash in between leaves a file that the next start puts in place, or drops. Where
    /// another node minted the key meanwhile, nothing is left here.
    /// </summary>
    public static async Task MintRootKeyAsync(MeshEngine engine, DataDirectory directory)
    {
        if (engine.State.Revision > 0)
        {
            return;
        }

        var (id, token) = KeyToken.New();
        directory.WriteNextRootKey(token);
        var mint = new MintFirstRoot { Actor = Actors.Mesh, KeyId = id, Hash = KeyToken.Hash(token) };
        var minted = await engine.ExecuteAsync(mint, Origin.Mesh);
        if (minted.Succeeded)
        {
            directory.PutNextRootKeyInPlace();
            return;
        }

        // What is not known to be refused may be in the log: the file stays, and the next start looks.
        if (minted.Error.Code != ErrorCodes.OutcomeUnknown)
        {
            directory.DropNextRootKey();
        }

        if (minted.Error.Kind != ErrorKind.Conflict)
        {
            throw new StartupException($"The root key could not be stored: {minted.Error.Detail}");
        }
    }
}
