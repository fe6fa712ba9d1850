using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Keys;

/// <summary>
/// The root key and the file that it is in, changed together: the new secret is on the disk beside the old one before its hash is
/// committed, and takes the old one's name afterwards. A crash leaves nobody locked out: <see cref="Finish"/> runs at each start.
/// </summary>
public sealed class RootKeys(MeshEngine engine, DataDirectory directory) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>One replacement at a time, since there is one file beside <c>root.key</c>. Dispose of it to let the next one in.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        return new Turn(this);
    }

    /// <summary>Replaces the root key on behalf of whoever holds the data directory.</summary>
    /// <exception cref="StartupException">It was refused; the old key is what it was.</exception>
    public async Task ReplaceAsync(bool keepChildren)
    {
        using var turn = await EnterAsync(CancellationToken.None);
        var (id, token) = KeyToken.New();
        directory.WriteNextRootKey(token);
        var replace = new ReplaceRoot { Actor = Actors.Mesh, KeyId = id, Hash = KeyToken.Hash(token), KeepChildren = keepChildren };
        var replaced = await engine.ExecuteAsync(replace, Origin.Mesh);
        if (!replaced.Succeeded)
        {
            throw new StartupException($"The root key could not be replaced: {replaced.Error.Detail}");
        }
    }

    /// <summary>A file that waits beside <c>root.key</c> takes its place if its key is in the store, and goes if it is not.</summary>
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

    /// <summary>The same where the key is valid already, whatever becomes of the file's name: the next start finishes it.</summary>
    public void TryFinish()
    {
        try
        {
            Finish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays beside root.key.
        }
    }

    public void Dispose() => _turn.Dispose();

    private sealed class Turn(RootKeys owner) : IDisposable
    {
        public void Dispose()
        {
            owner.TryFinish();
            owner._turn.Release();
        }
    }
}
