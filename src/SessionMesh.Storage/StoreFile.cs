using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SessionMesh.Storage;

/// <summary>Size of a database, in bytes.</summary>
/// <param name="Bytes">All of it, free pages included.</param>
/// <param name="FreeBytes">Free pages in it, which are used again before it grows.</param>
public readonly record struct StoreSize(long Bytes, long FreeBytes);

/// <summary>The files of a data directory, and connections to them. The server and the tool share the names.</summary>
public static partial class StoreFile
{
    public const string Name = "mesh.db";

    /// <summary>A store that replaces <see cref="Name"/> at the next start.</summary>
    public const string Staged = Name + ".restore";

    /// <summary>Directory for copies under way; emptied at each start.</summary>
    public const string Scratch = "tmp";

    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Opens a read-only connection: safe beside a server that writes.</summary>
    /// <exception cref="SqliteException">It does not exist, or is not a database.</exception>
    public static SqliteConnection OpenReadOnly(string path) => Open(path, SqliteOpenMode.ReadOnly);

    /// <summary>Opens a connection that may write. Only for whoever holds the directory's lock, or made the file.</summary>
    /// <exception cref="SqliteException">It does not exist, or is not a database.</exception>
    public static SqliteConnection OpenAlone(string path)
    {
        var db = Open(path, SqliteOpenMode.ReadWrite);
        try
        {
            db.Run("PRAGMA synchronous=FULL");
            db.Number("SELECT count(*) FROM sqlite_schema"); // reads the file for the first time
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

    /// <summary>Creates an empty file that only its owner may read.</summary>
    /// <exception cref="IOException">It exists already, or cannot be created.</exception>
    public static FileStream CreatePrivate(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }

    public static StoreSize SizeOf(SqliteConnection db)
    {
        var page = db.Number("PRAGMA page_size") ?? 0;
        return new StoreSize((db.Number("PRAGMA page_count") ?? 0) * page, (db.Number("PRAGMA freelist_count") ?? 0) * page);
    }

    /// <summary>
    /// Gives free pages back to the disk by rewriting the database. Meanwhile it needs as much room again, and nobody else may use it.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled; the database is unchanged.</exception>
    public static void Shrink(SqliteConnection db, CancellationToken cancellation)
    {
        using var interrupt = db.InterruptedBy(cancellation);
        try
        {
            db.Run("VACUUM");
            db.Number("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException e) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("shrinking was interrupted", e, cancellation);
        }
    }

    /// <summary>Syncs a file to the disk.</summary>
    public static void Sync(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Syncs the names in a directory: a rename is durable only then. Does nothing on Windows, which has no such call.</summary>
    /// <exception cref="IOException">The system refused.</exception>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var handle = open(path, 0);
        if (handle < 0)
        {
            throw new IOException($"{path} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        var failed = fsync(handle) != 0;
        var why = Marshal.GetLastPInvokeErrorMessage();
        _ = close(handle);
        if (failed)
        {
            throw new IOException($"{path} cannot be synced to the disk: {why}");
        }
    }

    /// <summary>Deletes a database with the files that SQLite may have left beside it.</summary>
    public static void Delete(string path)
    {
        foreach (var suffix in (string[])["", "-wal", "-shm", "-journal"])
        {
            File.Delete(path + suffix);
        }
    }

    /// <summary>Interrupts the statement that runs on the connection when the token is cancelled.</summary>
    internal static CancellationTokenRegistration InterruptedBy(this SqliteConnection db, CancellationToken cancellation) =>
        cancellation.Register(() => raw.sqlite3_interrupt(db.Handle));

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var options = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = 1 };
        var db = new SqliteConnection(options.ToString());
        try
        {
            db.Open();
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

#pragma warning disable SYSLIB1092, IDE1006 // The C library's own names.
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int handle);

    [LibraryImport("libc")]
    private static partial int close(int handle);
#pragma warning restore SYSLIB1092, IDE1006
}
