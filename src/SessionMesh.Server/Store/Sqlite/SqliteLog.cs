using SessionMesh.Core;
using SessionMesh.Core.State;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// The log in one SQLite file that this process alone writes: a commit is never behind and its outcome never unknown. A failed fsync ends
/// the process, because nobody knows then what is on the disk, and retrying is unsafe.
/// </summary>
internal sealed partial class SqliteLog : IMeshLog
{
    private readonly LogWriter _writer;
    private readonly SqliteStore _store;
    private readonly DiskReserve _reserve;
    private readonly ILogger<SqliteLog> _log;

    /// <param name="state">As it was loaded from this store.</param>
    /// <param name="headsEvery">See <see cref="HeadWriter.Every"/>.</param>
    public SqliteLog(
        SqliteStore store,
        MeshState state,
        DiskReserve reserve,
        MeshMetrics metrics,
        ILogger<SqliteLog> log,
        int headsEvery = HeadWriter.Every)
    {
        _writer = new LogWriter(store, metrics, new HeadWriter(store.Handle, Told(store, state), headsEvery));
        (_store, _reserve, _log) = (store, reserve, log);
        if (reserve.IsInUse)
        {
            _store.HoldCheckpoints();
            LogInUse(DiskReserve.Size >> 20);
        }
    }

    public bool OnReserve => _reserve.IsInUse;

    public IReadOnlyList<Change> Begin(long revision)
    {
        if (_reserve.IsInUse && _reserve.TryRestore())
        {
            _store.ReleaseCheckpoints();
            LogKept(DiskReserve.Size >> 20);
        }

        return [];
    }

    public bool TryDrawReserve()
    {
        _store.HoldCheckpoints();
        _reserve.Release();
        _store.ExtendLog(DiskReserve.Size);
        LogInUse(DiskReserve.Size >> 20);
        return true;
    }

    public CommitResult Commit(MeshDraft draft)
    {
        try
        {
            _writer.Write(draft);
            if (_reserve.IsInUse)
            {
                _store.CheckpointWithin(_reserve.FreeBytes());
            }

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

    /// <summary>Agents with a directive newer than the stored heads.</summary>
    private static IEnumerable<int> Told(SqliteStore store, MeshState state)
    {
        var headsAt = store.Context.Mesh.Select(m => m.HeadsAt).Single() ?? 0;
        return Enumerable.Range(0, state.Slots.Count).Where(number => state.Slots[number]?.Inbox.LastRevision > headsAt);
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "The disk is full. On a reserve of {Mebibytes} MiB, kill, revoke, pause and expire are still committed, "
            + "and nothing else until there is room again")]
    private partial void LogInUse(long mebibytes);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "There is room on the disk again: {Mebibytes} MiB of it are reserved, and everything is committed")]
    private partial void LogKept(long mebibytes);
}
