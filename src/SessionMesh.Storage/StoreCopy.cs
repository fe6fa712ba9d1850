using Microsoft.Data.Sqlite;

namespace SessionMesh.Storage;

/// <summary>A consistent copy of a store, made while others write.</summary>
public static class StoreCopy
{
    /// <summary>
    /// Copies the store as of one revision into a new file, mode 0600 and without free pages, syncs it to the disk and checks it. Meanwhile
    /// the write-ahead log of the source cannot shrink. Whatever goes wrong, nothing is left at <paramref name="target"/>.
    /// </summary>
    /// <param name="from">Any connection but the writer's; read-only will do.</param>
    /// <exception cref="SqliteException">The disk is full, or the source is damaged.</exception>
    /// <exception cref="IOException">The target exists already, or cannot be created.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and has stopped within moments.</exception>
    public static StoreFacts Make(SqliteConnection from, string target, CancellationToken cancellation)
    {
        StoreFile.CreatePrivate(target).Dispose();
        try
        {
            using var interrupt = from.InterruptedBy(cancellation);
            from.Run("VACUUM INTO " + Sql.Quoted(target));
            cancellation.ThrowIfCancellationRequested();
            StoreFile.Sync(target);
            using var copy = StoreFile.OpenReadOnly(target);
            return StoreCheck.Look(copy, quick: true, cancellation);
        }
        catch (Exception e)
        {
            StoreFile.Delete(target);
            if (e is SqliteException && cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException("the copy was interrupted", e, cancellation);
            }

            throw;
        }
    }
}
