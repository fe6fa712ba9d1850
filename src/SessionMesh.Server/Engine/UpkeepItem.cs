using Microsoft.Data.Sqlite;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Work on the writer's own connection that is not a command: it decides nothing, adds no change to the log and does not change the
/// engine's memory. It runs between two batches, in its own transaction if it needs one, and all commands wait for it: keep it small.
/// </summary>
internal abstract class UpkeepItem
{
    /// <summary>Runs it on the engine's thread. An exception goes to the task that <see cref="UpkeepItem{T}.Done"/> returns.</summary>
    /// <param name="onReserve">Whether the disk is full. Upkeep that writes may not use the reserve, so it is refused.</param>
    public abstract void Run(bool onReserve = false);

    /// <summary>The engine has ended, so it will not run.</summary>
    public abstract void Cancel();
}

/// <param name="work">What is done.</param>
/// <param name="writes">Whether it writes to the store.</param>
internal sealed class UpkeepItem<T>(Func<T> work, bool writes = true) : UpkeepItem
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Done => _done.Task;

    public override void Run(bool onReserve = false)
    {
        if (onReserve && writes)
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
