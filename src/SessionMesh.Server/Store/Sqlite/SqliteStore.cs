using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SessionMesh.Core;
using SessionMesh.Core.State;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Loading;
using SessionMesh.Storage;
using SQLitePCL;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// The database file. One connection does all commits and checkpoints, and belongs to the engine's thread; readers open the file
/// read-only (SQLite 3.50 can corrupt a WAL that two connections write or checkpoint).
/// </summary>
public sealed class SqliteStore : MeshStore
{
    /// <summary>Pages of 4 KiB after which a commit folds the log into the database: 16 MiB.</summary>
    private const int CheckpointPages = 4096;

    private readonly string _path;
    private readonly MeshDbContext _context;
    private readonly string _readOnly;
    private SqliteStore(MeshDbContext context, string path)
    {
        (_context, _path) = (context, path);
        KnownMigrations = [.. context.Database.GetMigrations()];
        _readOnly = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly }.ToString();
    }

    /// <summary>The writer's connection. The engine's thread alone.</summary>
    internal SqliteConnection Connection => (SqliteConnection)_context.Database.GetDbConnection();

    /// <summary>The handle of <see cref="Connection"/>. The engine's thread alone.</summary>
    internal sqlite3 Handle => Connection.Handle!;

    /// <summary>
    /// Stops commits from checkpointing by themselves, for a full disk: a checkpoint grows the database until the disk has no block left,
    /// and then fails, so that what is left would be spent on nothing.
    /// </summary>
    internal void HoldCheckpoints() => Execute(Connection, "PRAGMA wal_autocheckpoint=0");

    /// <summary>
    /// Checkpoints as usual again, and gives back what the log was extended by, unless a reader is in the way.
    /// </summary>
    internal void ReleaseCheckpoints() =>
        Execute(Connection, $"PRAGMA wal_autocheckpoint={CheckpointPages}; PRAGMA wal_checkpoint(TRUNCATE)");

    /// <summary>
    /// Extends the write-ahead log's file, so that room that has come free on a full disk is taken before another process takes it. What is
    /// after the last commit is overwritten by the next one, and a recovery ignores it.
    /// </summary>
    internal void ExtendLog(long bytes)
    {
        while (bytes >= 64 * 1024 && !DiskReserve.TryExtend(_path + "-wal", bytes))
        {
            bytes /= 2;
        }
    }

    /// <summary>
    /// Checkpoints if there is room for what that adds to the database: the log then starts again in the blocks that it has.
    /// </summary>
    internal void CheckpointWithin(long free)
    {
        var growth = (Scalar("PRAGMA page_count") * Scalar("PRAGMA page_size")) - new FileInfo(_path).Length;
        if (growth <= free)
        {
            Execute(Connection, "PRAGMA wal_checkpoint(PASSIVE)");
        }
    }

    /// <summary>The writer's context, for loading before the engine starts.</summary>
    internal MeshDbContext Context => _context;

    /// <exception cref="StartupException">A newer version wrote it, or it cannot be opened.</exception>
    public static SqliteStore Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        var context = NewContext(connection);
        try
        {
            if (!File.Exists(path))
            {
                StoreFile.CreatePrivate(path).Dispose(); // SQLite would let the umask decide; its other files get this one's mode
            }

            connection.Open();
            Execute(connection, $"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint={CheckpointPages}; "
                + "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY");
            Migrate(context, connection, path);
            var oldest = context.Changes.OrderBy(c => c.Revision).Select(c => (long?)c.Revision).FirstOrDefault();
            return new SqliteStore(context, path) { OldestRevision = oldest ?? 1 };
        }
        catch (Exception e)
        {
            context.Dispose();
            connection.Dispose();
            throw e as StartupException ?? new StartupException(
                e is SqliteException { SqliteErrorCode: 11 or 26 } damaged
                    ? $"The store {path} {StoreWords.Of(damaged)}. Put a backup in its place with session-mesh admin restore FILE --data "
                        + $"{Path.GetDirectoryName(path)}, or choose another directory with --data DIR."
                    : e is SqliteException other ? $"The store {path} {StoreWords.Of(other)}. Choose another directory with --data DIR."
                    : $"The store {path} cannot be opened: {FileWords.Of(e, path)}.",
                e);
        }
    }

    /// <summary>The migrations that this version knows.</summary>
    internal IReadOnlyList<string> KnownMigrations { get; }

    public override MeshDbContext OpenReader()
    {
        var context = NewContext(new SqliteConnection(_readOnly), ownsConnection: true);
        context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return context;
    }

    internal override long Load(MeshState state, Func<long, Moment> now) => StateLoader.Load(_context, state, now);

    public override bool IsFile => true;

    internal override StoreSize Size()
    {
        using var db = StoreFile.OpenReadOnly(_path);
        return StoreFile.SizeOf(db);
    }

    internal override StoreFacts Check(CancellationToken cancellation)
    {
        using var source = StoreFile.OpenReadOnly(_path);
        return StoreCheck.Look(source, cancellation: cancellation);
    }

    /// <summary>On the writer's connection, between two batches: SQLite has one writer.</summary>
    internal override Task<bool> TrimAsync(TrimPass pass, Func<Func<bool>, Task<bool>> onWriter) => onWriter(() =>
    {
        var more = pass.Step(Connection);
        OldestRevision = pass.OldestRevision;
        return more;
    });

    protected override void Dispose(bool isDisposing)
    {
        var connection = _context.Database.GetDbConnection();
        _context.Dispose();
        connection.Dispose();
        SqliteConnection.ClearPool(new SqliteConnection(_readOnly));
    }

    internal static MeshDbContext NewContext(SqliteConnection connection, bool ownsConnection = false) =>
        new(new DbContextOptionsBuilder<MeshDbContext>()
            .UseSqlite(connection, ownsConnection, _ => { })
            // A test compares the model with the snapshot; a start need not do it again.
            .ConfigureWarnings(w => w.Ignore(RelationalEventId.PendingModelChangesWarning))
            .Options);

    private static void Migrate(MeshDbContext context, SqliteConnection connection, string path)
    {
        var known = context.Database.GetMigrations().ToHashSet();
        var applied = context.Database.GetAppliedMigrations().ToList();
        if (applied.Find(m => !known.Contains(m)) is { } newer)
        {
            throw new StartupException($"The store {path} was written by a newer version (it has the migration {newer}). "
                + "Start that version, or restore a backup from before it.");
        }

        if (applied.Count == known.Count)
        {
            return;
        }

        if (applied.Count > 0)
        {
            var backup = $"{path}.before-{known.Except(applied).Order().First()}";
            File.Delete(backup);
            StoreFile.CreatePrivate(backup).Dispose();
            Execute(connection, $"VACUUM INTO '{backup.Replace("'", "''", StringComparison.Ordinal)}'");
        }

        // The directory lock is held, so a migration lock in the file was left by a process that was killed.
        Execute(connection, "DROP TABLE IF EXISTS \"__EFMigrationsLock\"");
        context.Database.Migrate();
    }

    private long Scalar(string pragma)
    {
        using var command = Connection.CreateCommand();
#pragma warning disable CA2100 // Constants.
        command.CommandText = pragma;
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants, and a quoted path of our own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
