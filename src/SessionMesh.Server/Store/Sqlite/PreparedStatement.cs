using SQLitePCL;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// A prepared statement of the hot writer, on EF's connection. Through EF's change tracker this path would write about 900 rows a second
/// with a SaveChanges each and 54,000 in batches, against 185,000 like this. Not thread-safe.
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
        return Bound(raw.sqlite3_bind_int64(_statement, _next++, value));
    }

    public PreparedStatement Bind(double value) => Bound(raw.sqlite3_bind_double(_statement, _next++, value));

    public PreparedStatement Bind(long? value) => value is { } given ? Bind(given) : Bound(raw.sqlite3_bind_null(_statement, _next++));

    public PreparedStatement Bind(string? value)
    {
        return Bound(value is null ? raw.sqlite3_bind_null(_statement, _next++) : raw.sqlite3_bind_text(_statement, _next++, value));
    }

    /// <summary>Binds UTF-8 text.</summary>
    public PreparedStatement Bind(ReadOnlySpan<byte> utf8) => Bound(raw.sqlite3_bind_text(_statement, _next++, utf8));

    /// <summary>Runs it with the bound values, and resets it for the next time.</summary>
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

    /// <summary>Resets it after a failure between the first value and the run.</summary>
    public void Abandon()
    {
        _next = 1;
        raw.sqlite3_reset(_statement);
    }

    public void Dispose() => _statement.Dispose();

    /// <summary>SQLite refuses too large a value here and not at the run: unchecked, the previous row's value would be written.</summary>
    private PreparedStatement Bound(int rc) =>
        rc == raw.SQLITE_OK ? this : throw new StoreException(rc, raw.sqlite3_errstr(rc).utf8_to_string());

    private StoreException Error(int rc)
    {
        var extended = raw.sqlite3_extended_errcode(_db);
        return new StoreException(extended != 0 ? extended : rc, raw.sqlite3_errmsg(_db).utf8_to_string());
    }
}

/// <summary>SQLite refused a write.</summary>
/// <param name="code">SQLite's extended result code.</param>
public sealed class StoreException(int code, string message) : Exception($"SQLite {code}: {message}")
{
    public int Code => code;

    /// <summary>The disk is full, for the write-ahead log or for its shared memory.</summary>
    public bool IsFull => (code & 0xff) == raw.SQLITE_FULL || code == raw.SQLITE_IOERR_SHMSIZE;

    /// <summary>This row can never be stored: it is too large, or violates a constraint.</summary>
    public bool IsOfTheRow => (code & 0xff) is raw.SQLITE_TOOBIG or raw.SQLITE_CONSTRAINT or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE;

    /// <summary>The write may or may not be on the disk; retrying is unsafe.</summary>
    public bool IsFsync => code is raw.SQLITE_IOERR_FSYNC or raw.SQLITE_IOERR_DIR_FSYNC;
}
