using SessionMesh.Core;
using SessionMesh.Core.State;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store;

/// <summary>
/// The database as everybody but the writer sees it: what a start loads, and what history and long lists read. The writer has an
/// <see cref="IMeshLog"/>.
/// </summary>
public abstract class MeshStore : IDisposable
{
    private long _oldestRevision;
    private int _disposed;

    /// <summary>
    /// The oldest revision left in the log; 1 while it is empty. Older ones are trimmed. For any thread; by the time a reader has asked and
    /// reads, more may be gone.
    /// </summary>
    public long OldestRevision
    {
        get => Volatile.Read(ref _oldestRevision);
        internal set => Volatile.Write(ref _oldestRevision, value);
    }

    /// <summary>Opens a context on a connection of its own that only reads, for history and long lists. Dispose it.</summary>
    public abstract MeshDbContext OpenReader();

    /// <summary>
    /// Fills memory with the newest state, once, before the engine starts. Returns the wall milliseconds of the newest change; 0 for an
    /// empty log.
    /// </summary>
    /// <param name="now">The moment at which memory begins, from the time of the newest change.</param>
    internal abstract long Load(MeshState state, Func<long, Moment> now);

    /// <summary>Whether the database answers. A server whose database does not is not ready.</summary>
    public virtual bool IsReachable => true;

    /// <summary>Whether it is one file of this server, which the server can copy, and put another in the place of.</summary>
    public abstract bool IsFile { get; }

    /// <summary>Bytes that it takes, and of those the bytes that it can use again.</summary>
    internal abstract StoreSize Size();

    /// <summary>Checks the log and the tables against each other, as they are at one revision.</summary>
    internal abstract StoreFacts Check(CancellationToken cancellation);

    /// <summary>Does one step of removing what is too old; false once there is nothing left to do.</summary>
    /// <param name="onWriter">Runs a piece of work where the writer's connection is used.</param>
    internal abstract Task<bool> TrimAsync(TrimPass pass, Func<Func<bool>, Task<bool>> onWriter);

    /// <summary>May be called twice, and is: the container holds the store as itself and as this.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Dispose(isDisposing: true);
            GC.SuppressFinalize(this);
        }
    }

    protected abstract void Dispose(bool isDisposing);
}
