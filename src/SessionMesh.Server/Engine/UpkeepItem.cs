using Microsoft.Data.Sqlite;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Engine;

/// <summary>
/// A piece of work on the writer's own connection that is no command: it decides nothing, leaves no change in the log and touches no
/// memory of the engine's. It runs between two batches, in a transaction of its own if it needs one, and holds up all commands meanwhile:
/// keep it small.
/// </summary>
internal abstract class UpkeepItem
{
    /// <summary>Runs it on the engine's thread. Whatever it throws goes to the one who waits for it.</summary>
    /// <param name="onReserve">The disk is full, and what is kept back for that is not for upkeep: it is refused.</param>
    public abstract void Run(bool onReserve = false);

    /// <summary>The engine has ended; it will not be run.</summary>
    public abstract void Cancel();
}

internal sealed class UpkeepItem<T>(Func<T> work) : UpkeepItem
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Done => _done.Task;

    public override void Run(bool onReserve = false)
    {
        if (onReserve)
        {
            _done.TrySetException(new SqliteException("The disk is full.", SQLitePCL.raw.SQLITE_FULL));
            return;
        }

        try
        {
            _done.TrySetResult(work());
        }
        catch (SqliteException e) when (new StoreException(e.SqliteExtendedErrorCode, e.Message) is { IsFsync: true } unknown)
        {
            Environment.FailFast("fsync failed: what the disk holds is unknown, and retrying is unsafe", unknown);
        }
#pragma warning disable CA1031 // Whatever it throws must not take the engine down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _done.TrySetException(e);
        }
    }

    public override void Cancel() => _done.TrySetCanceled();
}
