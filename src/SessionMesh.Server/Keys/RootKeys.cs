using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Keys;

/// <summary>
/// Replaces the root key together with its file. The new secret is on the disk beside the old one before its hash is committed, and takes
/// the old one's name afterwards. A crash locks nobody out: <see cref="Finish"/> runs at each start.
/// </summary>
public sealed class RootKeys(MeshEngine engine, DataDirectory directory) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>
    /// Allows one replacement at a time, as there is only one file beside <c>root.key</c>. Dispose of the result to leave.
    /// </summary>
    public async Task<Turn> EnterAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        var turn = new Turn(this);
        if (directory.NextRootKey is not null)
        {
            // One before was not known to be stored. By now it is, or else it may still be, and its file is not to be written over.
            turn.Error = await engine.CatchUpAsync();
            if (turn.Error is null)
            {
                TryFinish();
            }
        }

        return turn;
    }

    /// <summary>Replaces the root key for whoever holds the data directory.</summary>
    /// <exception cref="StartupException">The engine refused it; the old key is still valid.</exception>
    public async Task ReplaceAsync(bool keepChildren)
    {
        using var turn = await EnterAsync(CancellationToken.None);
        if (turn.Error is { } error)
        {
            throw new StartupException($"The root key could not be replaced: {error.Detail}");
        }

        var (id, token) = KeyToken.New();
        directory.WriteNextRootKey(token);
        var replace = new ReplaceRoot { Actor = Actors.Mesh, KeyId = id, Hash = KeyToken.Hash(token), KeepChildren = keepChildren };
        var replaced = await engine.ExecuteAsync(replace, Origin.Mesh);
        if (!replaced.Succeeded)
        {
            turn.Error = replaced.Error;
            throw new StartupException($"The root key could not be replaced: {replaced.Error.Detail}");
        }
    }

    /// <summary>Puts a pending key file in place of <c>root.key</c> if its key is in the store, and deletes it otherwise.</summary>
    public void Finish()
    {
        if (directory.NextRootKey is not { } token)
        {
            return;
        }

        if (KeyToken.TryReadId(token, KeyToken.Prefix, out var id) && engine.State.Keys.Find(id)?.Hash == KeyToken.Hash(token))
        {
            directory.PutNextRootKeyInPlace();
        }
        else
        {
            directory.DropNextRootKey();
        }
    }

    /// <summary>Like <see cref="Finish"/>, but ignores I/O errors: the key is already valid, and the next start moves the file.</summary>
    public void TryFinish()
    {
        try
        {
            Finish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The new key stays beside root.key until then.
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>The right to replace it.</summary>
    public sealed class Turn(RootKeys owner) : IDisposable
    {
        /// <summary>
        /// Why the key was not replaced, or is not known to be; null if it was. Where that is not known, the file of the new key stays
        /// beside the old one: it may be the only one that opens the mesh.
        /// </summary>
        public MeshError? Error { get; set; }

        /// <summary>Leaves.</summary>
        public void Dispose()
        {
            if (Error is not { Kind: ErrorKind.Unavailable })
            {
                owner.TryFinish();
            }

            owner._turn.Release();
        }
    }
}
