using SessionMesh.Core.Log;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Store;

/// <summary>
/// The log in one SQLite file that this process alone writes: never behind, and never unknown. A failed fsync ends the process,
/// because nobody knows then what the disk holds, and trying again is unsafe.
/// </summary>
internal sealed class SqliteLog(MeshStore store) : IMeshLog
{
    private readonly LogWriter _writer = new(store);

    public IReadOnlyList<Change> Begin(long revision) => [];

    public CommitResult Commit(MeshDraft draft)
    {
        try
        {
            _writer.Write(draft);
            return CommitResult.Committed;
        }
        catch (StoreException e) when (e.IsFsync)
        {
            Environment.FailFast("fsync failed: what the disk holds is unknown, and retrying is unsafe", e);
            throw;
        }
        catch (StoreException e)
        {
            return new CommitResult(e.IsOfTheRow ? CommitOutcome.Refused : CommitOutcome.Failed, e, e.IsFull);
        }
    }

    public CommitResult Resolve(MeshDraft draft) => throw new InvalidOperationException("a commit to SQLite has an outcome");

    public void Dispose() => _writer.Dispose();
}
