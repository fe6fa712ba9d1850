using SQLitePCL;

namespace SessionMesh.Server.Store;

/// <summary>
/// One prepared statement of the hot writer, on EF's own connection. EF's change tracker costs this path most of its
/// throughput (about 900 rows a second by a SaveChanges each, 54,000 in batches, against 185,000 so). Not thread-safe.
/// </summary>
internal sealed class PreparedStatement : IDisposable
{
    private readonly sqlite3 _db;
    private readonly sqlite3_stmt _statement;
    private int _next = 1;

    public PreparedStatement(sqlite3 db, string sql)
    {
        _db = db;
        if (raw.sqlite3_prepare_v3(db, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement) is var rc && rc != raw.SQLITE_OK)
        {
            throw Error(rc);
        }
    }

    public PreparedStatement Bind(long value)
    {
        raw.sqlite3_bind_int64(_statement, _next++, value);
        return this;
    }

    public PreparedStatement Bind(string? value)
    {
        if (value is null)
        {
            raw.sqlite3_bind_null(_statement, _next++);
        }
        else
        {
            raw.sqlite3_bind_text(_statement, _next++, value);
        }

        return this;
    }

    /// <summary>Binds UTF-8 text.</summary>
    public PreparedStatement Bind(ReadOnlySpan<byte> utf8)
    {
        raw.sqlite3_bind_text(_statement, _next++, utf8);
        return this;
    }

    /// <summary>Runs it once with what was bound, and makes it ready for the next time.</summary>
    /// <exception cref="StoreException">SQLite refused.</exception>
    public void Run()
    {
        var rc = raw.sqlite3_step(_statement);
        _next = 1;
        var error = rc is raw.SQLITE_DONE or raw.SQLITE_ROW ? null : Error(rc);
        raw.sqlite3_reset(_statement);
        if (error is not null)
        {
            throw error;
        }
    }

    public void Dispose() => _statement.Dispose();

    private StoreException Error(int rc) => new(raw.sqlite3_extended_errcode(_db) is var extended && extended != 0 ? extended : rc, raw.sqlite3_errmsg(_db).utf8_to_string());
}

/// <summary>SQLite refused a write.</summary>
/// <param name="code">Extended result code.</param>
public sealed class StoreException(int code, string message) : Exception($"SQLite {code}: {message}")
{
    public int Code => code;

    /// <summary>No room left.</summary>
    public bool IsFull => (code & 0xff) == raw.SQLITE_FULL;

    /// <summary>What was written may or may not be on the disk; trying again is unsafe.</summary>
    public bool IsFsync => code is raw.SQLITE_IOERR_FSYNC or raw.SQLITE_IOERR_DIR_FSYNC;
}
