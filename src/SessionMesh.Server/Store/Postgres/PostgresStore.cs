using System.Data;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SessionMesh.Core;
using SessionMesh.Core.State;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Loading;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>
/// A mesh in a schema of a PostgreSQL database. The writer's connection is <see cref="PostgresLog"/>'s; readers take theirs from a pool.
/// Thread-safe.
/// </summary>
public sealed class PostgresStore : MeshStore
{
    /// <summary>The schema, unless the connection string has a search path.</summary>
    internal const string Schema = "session_mesh";

    /// <summary>How long it may take to connect, unless the connection string says: less than the patience of a commit.</summary>
    private const int ConnectSeconds = 5;

    /// <summary>The oldest PostgreSQL that it runs on, as the server counts versions.</summary>
    private const int OldestServer = 140000;

    /// <summary>
    /// Notes the newest directive of each agent, so that a start need not look at the whole history for it. The number of an agent may be
    /// another's by now, whose directives are newer than it is.
    /// </summary>
    private const string WriteHeads = """
        INSERT INTO heads (agent, seq, revision)
        SELECT DISTINCT ON (d.agent) d.agent, d.seq, d.revision
        FROM directives d WHERE d.revision > (SELECT coalesce(heads_at, 0) FROM mesh) AND d.revision <= $1
        ORDER BY d.agent, d.revision DESC
        ON CONFLICT (agent) DO UPDATE SET seq = excluded.seq, revision = excluded.revision
        """;

    private readonly string _schema;
    private bool _hasForked;
    private bool _isLeftBehind;
    private long _trimmedTo;
    private int _hasNews;

    private PostgresStore(NpgsqlDataSource source, string schema, NodeTable nodes) => (Source, _schema, Nodes) = (source, schema, nodes);

    /// <summary>Connections for everybody. Their strings show no password.</summary>
    internal NpgsqlDataSource Source { get; }

    /// <summary>This node among the others.</summary>
    internal NodeTable Nodes { get; }

    /// <summary>Whether this node is in touch with the database and level with the log, or was within the last seconds.</summary>
    public override bool IsReachable => Nodes.Contact.IsKept;

    /// <summary>Whether what follows on memory is in the log no more; then memory is to be loaded anew.</summary>
    internal bool IsLeftBehind
    {
        get => Volatile.Read(ref _isLeftBehind);
        set => Volatile.Write(ref _isLeftBehind, value);
    }

    /// <summary>Whether the log has lost what memory has; then memory is to be loaded anew.</summary>
    internal bool HasForked
    {
        get => Volatile.Read(ref _hasForked);
        set => Volatile.Write(ref _hasForked, value);
    }

    /// <summary>The stamp of the newest batch that memory has. The engine's thread alone, once it runs.</summary>
    internal Guid Stamp { get; set; }

    /// <exception cref="StartupException">
    /// It is away or refuses, is too old or a standby, or the schema is newer than this version or not a mesh's.
    /// </exception>
    /// <param name="node">The name of this process among the nodes.</param>
    /// <param name="alone">Whether it wants no other node beside it.</param>
    public static PostgresStore Open(PostgresOptions options, string node, bool alone = false)
    {
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        var schema = text.SearchPath is { Length: > 0 } path ? path.Split(',')[0].Trim().Trim('"') : Schema;
        text.SearchPath = schema;
        if (!text.ContainsKey("Timeout"))
        {
            text.Timeout = ConnectSeconds;
        }

        NpgsqlDataSource? source = null;
        try
        {
            // Not from the pool, which may have connections of a PostgreSQL before a restart.
            var apart = new NpgsqlConnectionStringBuilder(text.ToString()) { Pooling = false };
            using (var connection = new NpgsqlConnection(apart.ToString()))
            {
                connection.Open();
                Prepare(connection, schema, options);
            }

            var builder = new NpgsqlDataSourceBuilder(text.ToString());
            PostgresTypes.Map(builder, schema);
            source = builder.Build();
            var store = new PostgresStore(source, schema, new NodeTable(source, node, alone));
            using var reader = store.OpenReader();
            store.OldestRevision = reader.Changes.OrderBy(c => c.Revision).Select(c => (long?)c.Revision).FirstOrDefault() ?? 1;
            return store;
        }
        catch (Exception e) when (PostgresWords.CauseOf(e) is { } cause)
        {
            source?.Dispose(); // its connections count
            throw new StartupException($"PostgreSQL ({options}) {PostgresWords.Of(cause)}", PostgresWords.WithoutSecrets(cause));
        }
    }

    /// <summary>Says that there may be changes of others. Wake the engine afterwards.</summary>
    internal void Announce() => Volatile.Write(ref _hasNews, 1);

    /// <summary>Whether there may be, since this was last asked.</summary>
    internal bool TakeNews() => Volatile.Read(ref _hasNews) == 1 && Interlocked.Exchange(ref _hasNews, 0) == 1;

    public override MeshDbContext OpenReader()
    {
        var context = PostgresContext.Of(Source, _schema, retries: true);
        context.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        return context;
    }

    /// <summary>All of it from one snapshot, so that what other nodes commit meanwhile comes afterwards, as changes.</summary>
    /// <exception cref="StartupException">It is away or refuses, or its tables do not fit together.</exception>
    internal override long Load(MeshState state, Func<long, Moment> now) => AtStart(() => LoadAll(state, now));

    /// <summary>The clock of the database, in wall milliseconds, before anything is loaded.</summary>
    /// <exception cref="StartupException">It is away or refuses.</exception>
    internal long ReadClock() => AtStart(Nodes.ReadClock);

    private static T AtStart<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (PostgresWords.CauseOf(e) is { } cause)
        {
            throw new StartupException($"PostgreSQL {PostgresWords.Of(cause)}", PostgresWords.WithoutSecrets(cause));
        }
    }

    private long LoadAll(MeshState state, Func<long, Moment> now)
    {
        Nodes.CheckLevel();
        using var db = PostgresContext.Of(Source, _schema, retries: false);
        using var snapshot = db.Database.BeginTransaction(IsolationLevel.RepeatableRead);
        var at = StateLoader.Load(db, state, now);
        var (revision, stamp) = PostgresLog.Head((NpgsqlConnection)db.Database.GetDbConnection());
        Stamp = revision == state.Revision ? stamp : throw new StartupException(
            revision == 0
                ? "A move into this schema was interrupted. Give the same command again, or drop the schema."
                : $"The log of this mesh ends at revision {state.Revision}, and its head says {revision}: somebody changed its tables. "
                    + "Restore a backup.");
        Nodes.Begin();
        return at;
    }

    /// <summary>Whether a server has written here, or a move has ended.</summary>
    internal bool HasMesh()
    {
        using var connection = Source.OpenConnection();
        return PostgresLog.Head(connection).Revision > 0;
    }

    /// <summary>A context that may write, for a move.</summary>
    internal MeshDbContext OpenWriter() => PostgresContext.Of(Source, _schema, retries: false);

    /// <summary>Keeps servers away until it is disposed of.</summary>
    /// <exception cref="StartupException">One runs.</exception>
    internal async Task<IAsyncDisposable> TakeTurnAsync()
    {
        await Task.Run(Nodes.Begin);
        return new NodeTurn(Nodes);
    }

    /// <summary>Makes what was moved here a mesh that a server opens.</summary>
    internal void FinishMove(long revision)
    {
        using var connection = Source.OpenConnection();
        using var transaction = connection.BeginTransaction();
        using var command = new NpgsqlCommand(
            """
            WITH head AS (UPDATE mesh_head SET revision = $1, stamp = $2, log_level = $5 RETURNING revision, stamp)
            INSERT INTO mesh_batches (last, first, stamp, previous, node, session)
            SELECT revision, revision, stamp, '00000000-0000-0000-0000-000000000000', $3, $4 FROM head
            """,
            connection)
        {
            Parameters =
            {
                new() { Value = revision }, new() { Value = new Guid(RandomNumberGenerator.GetBytes(16)) }, new() { Value = Nodes.Id },
                new() { Value = Nodes.Session },
                new() { Value = ChangeCodec.Level }, // what was moved may be of any level that this version knows
            },
        };
        command.ExecuteNonQuery();
        transaction.Commit();
    }

    public override bool IsFile => false;

    /// <summary>PostgreSQL does not say what it can use again.</summary>
    internal override StoreSize Size()
    {
        using var connection = Source.OpenConnection();
        return new StoreSize(BytesOf(connection), 0);
    }

    internal override StoreFacts Check(CancellationToken cancellation)
    {
        using var connection = Source.OpenConnection();
        using var cut = cancellation.Register(connection.Close);
        try
        {
            using var snapshot = connection.BeginTransaction(IsolationLevel.RepeatableRead);
            return StoreCheck.LookAtTables(
                connection,
                BytesOf(connection),
                ("SELECT abs(revision - (SELECT coalesce(max(revision), 0) FROM changes)) FROM mesh_head",
                    "the head and the end of the log are {0} revisions apart"),
                ("SELECT count(*) FROM (SELECT previous, lag(stamp) OVER (ORDER BY last) AS before FROM mesh_batches) t "
                    + "WHERE before <> previous",
                    "{0} batches do not follow the one before"));
        }
        catch (Exception e) when (cancellation.IsCancellationRequested && e is not OperationCanceledException)
        {
            throw new OperationCanceledException("the check was interrupted", e, cancellation);
        }
    }

    private long BytesOf(NpgsqlConnection connection) => Ask<long>(connection,
        """
        SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'
        """,
        _schema);

    /// <summary>On a connection of its own: PostgreSQL has many writers.</summary>
    internal override async Task<bool> TrimAsync(TrimPass pass, Func<Func<bool>, Task<bool>> onWriter)
    {
        await using var connection = await Source.OpenConnectionAsync();
        var more = await Task.Run(() => pass.Step(connection));
        if (pass.OldestRevision > 0 && _trimmedTo != pass.OldestRevision)
        {
            OldestRevision = _trimmedTo = pass.OldestRevision;
            await using var command = new NpgsqlCommand("DELETE FROM mesh_batches WHERE last < $1", connection)
            {
                Parameters = { new() { Value = pass.OldestRevision } },
            };
            await command.ExecuteNonQueryAsync();
        }

        if (!more)
        {
            // That they are written is noted apart: a commit may want the row of the mesh, and does not wait for all of them.
            var head = new NpgsqlParameter { Value = PostgresLog.Head(connection).Revision };
            await using var heads = new NpgsqlCommand(WriteHeads, connection) { Parameters = { head }, CommandTimeout = 0 };
            await heads.ExecuteNonQueryAsync();
            await using var note = new NpgsqlCommand("UPDATE mesh SET heads_at = $1", connection) { Parameters = { head.Clone() } };
            await note.ExecuteNonQueryAsync();
        }

        return more;
    }

    protected override void Dispose(bool isDisposing) => Source.Dispose();

    private static void Prepare(NpgsqlConnection connection, string schema, PostgresOptions options)
    {
        var version = Ask<int>(connection, "SELECT current_setting('server_version_num')::int");
        if (version < OldestServer)
        {
            throw new StartupException(
                $"This is PostgreSQL {version / 10000} ({options}), and Session Mesh needs {OldestServer / 10000} or newer.");
        }

        if (Ask<bool>(connection, "SELECT pg_is_in_recovery()"))
        {
            throw new StartupException($"PostgreSQL ({options}) is a standby, which takes no writes. Name the primary, or several hosts "
                + "and Target Session Attributes=primary.");
        }

        // Nodes that start at the same time take turns; the lock goes with the connection.
        Ask<object>(connection, "SELECT pg_advisory_lock(hashtextextended('session-mesh.schema:' || current_database(), 0))");
        using var context = PostgresContext.Of(connection, schema);
        var applied = IsThere(connection, schema) ? context.Database.GetAppliedMigrations().ToList() : [];
        if (applied.Count == 0 && HasTables(connection, schema))
        {
            throw new StartupException($"The schema {schema} ({options}) has tables that are not a mesh's. Nothing in it was changed. "
                + "Name another one with Search Path= in the connection string.");
        }

        var known = context.Database.GetMigrations().ToHashSet();
        if (applied.Find(migration => !known.Contains(migration)) is { } newer)
        {
            throw new StartupException($"The schema {schema} ({options}) was written by a newer version (it has the migration {newer}). "
                + "Start that version.");
        }

        if (applied.Count < known.Count)
        {
            Ask<object>(connection, $"CREATE SCHEMA IF NOT EXISTS \"{schema.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
            context.Database.Migrate();
        }
    }

    private static bool IsThere(NpgsqlConnection connection, string schema) =>
        Ask<bool>(connection, "SELECT to_regclass(quote_ident($1) || '.\"__EFMigrationsHistory\"') IS NOT NULL", schema);

    private static bool HasTables(NpgsqlConnection connection, string schema) => Ask<bool>(connection,
        "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r')",
        schema);

    private static T? Ask<T>(NpgsqlConnection connection, string sql, params ReadOnlySpan<string> values)
    {
#pragma warning disable CA2100 // Constants, and a quoted name.
        using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command.ExecuteScalar() is T answer ? answer : default;
    }
}
