using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Support;

/// <summary>The real server on a real store and a real socket; only its clock is ours.</summary>
internal sealed partial class MeshHost : IAsyncDisposable
{
    /// <summary>What a first start makes of nothing, made once: most of the time of a start goes into the migrations.</summary>
    private static readonly Lazy<string> s_emptyStore = new(() =>
    {
        var path = Path.Combine(System.IO.Directory.CreateTempSubdirectory("mesh-empty-").FullName, "mesh.db");
        SqliteStore.Open(path).Dispose();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => System.IO.Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        return path;
    });

    /// <summary>The same in PostgreSQL.</summary>
    private static readonly Lazy<Task<string>> s_emptyDatabase = new(async () =>
    {
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var text = new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString;
        PostgresStore.Open(PostgresSettings.Of(text), "n").Dispose();
        return database.Name;
    });

    /// <summary>
    /// Databases of the shared PostgreSQL that tests have done with. To empty one takes a tenth of the time that it takes to make one.
    /// </summary>
    private static readonly ConcurrentBag<PostgresDatabase> s_used = [];

    /// <summary>
    /// Whether every server of these tests keeps its mesh on PostgreSQL, unless it is a sandbox: <c>MESH_TESTS_STORE=postgres</c>, as
    /// ./eng/soak.sh nodes sets it.
    /// </summary>
    public static bool AllOnPostgres { get; } = Environment.GetEnvironmentVariable("MESH_TESTS_STORE") == "postgres";

    private WebApplication? _app;
    private PostgresServer? _postgres;
    private PostgresDatabase? _database;
    private HttpClient? _http;

    private readonly LogLevel _logLevel;
    private readonly string[] _options;
    private readonly Action<WebApplication>? _map;

    private readonly Action<WebApplicationBuilder>? _configure;
    private readonly ServedCalls _served = new();

    private MeshHost(
        string directory, LogLevel logLevel, Action<WebApplication>? map, string[] options,
        Action<WebApplicationBuilder>? configure = null) =>
        (Directory, _logLevel, _map, _options, _configure) = (directory, logLevel, map, options, configure);

    public string Directory { get; }
    public FakeTime Time { get; private set; } = new();
    public LogCapture Log { get; } = new();

    /// <summary>Finds any secret of this server where none may be.</summary>
    public Canary Canary { get; } = new();
    public string RootKey { get; private set; } = "";
    public Uri Address => _http!.BaseAddress!;

    /// <summary>The file of a mesh on SQLite. A test of it alone has <c>[Trait("Store", "SQLite")]</c>.</summary>
    public string Database => Path.Combine(Directory, "mesh.db");

    public MeshEngine Engine => Service<MeshEngine>();
    public MeshState State => Engine.State;
    public long Revision => State.Revision;

    /// <param name="map">Adds routes, such as one that fails.</param>
    /// <param name="options">More of the command line; with <c>--urls</c> it listens there instead.</param>
    public static async Task<MeshHost> StartAsync(
        LogLevel logLevel = LogLevel.Warning, Action<WebApplication>? map = null, params string[] options)
    {
        var host = new MeshHost(options.Contains("--sandbox") ? NoDirectory() : NewDirectory(), logLevel, map, options);
        await host.BootAsync();
        return host;
    }

    /// <param name="configure">Sets what the server would read from its surroundings, or a service.</param>
    /// <param name="directory">Of its own, and gone at the end.</param>
    /// <param name="options">More of the command line.</param>
    public static async Task<MeshHost> StartAsync(
        Action<WebApplicationBuilder> configure,
        LogLevel logLevel = LogLevel.Warning,
        Action<WebApplication>? map = null,
        string? directory = null,
        params string[] options)
    {
        directory ??= options.Contains("--sandbox") ? NoDirectory() : NewDirectory();
        var host = new MeshHost(directory, logLevel, map, options, configure);
        await host.BootAsync();
        return host;
    }

    /// <summary>Starts a server on a database of its own.</summary>
    /// <param name="postgres">Where it is; null for the one that tests share.</param>
    /// <param name="options">More of the command line.</param>
    public static async Task<MeshHost> StartOnPostgresAsync(
        PostgresServer? postgres = null, LogLevel logLevel = LogLevel.Warning, params string[] options)
    {
        var host = new MeshHost(NewDirectory(), logLevel, null, options) { _postgres = postgres ?? await PostgresServer.SharedAsync() };
        await host.BootAsync();
        return host;
    }

    /// <summary>The database of a mesh on PostgreSQL.</summary>
    public PostgresDatabase OnPostgres => _database!;

    /// <summary>What the server prints when it has started.</summary>
    public string Banner()
    {
        var printed = new StringWriter();
        SessionMesh.Server.Hosting.Banner.Print(_app!, printed);
        return printed.ToString();
    }

    /// <summary>
    /// Opens the store as somebody else would who changes it by hand, whichever it is, beside the server or while that is stopped.
    /// </summary>
    public MeshDbContext OpenStore() => _database is null
        ? SqliteStore.NewContext(new SqliteConnection($"Data Source={Database};Pooling=False"), ownsConnection: true)
        : new PostgresContext(new DbContextOptionsBuilder<PostgresContext>().UseNpgsql(
            $"{_database.ConnectionString};Pooling=False;Search Path={PostgresStore.Schema}").Options);

    /// <summary>Changes the store by hand; returns how many rows.</summary>
    public async Task<int> RunSqlAsync(FormattableString sql)
    {
        await using var db = OpenStore();
        return await db.Database.ExecuteSqlAsync(sql);
    }

    /// <summary>All that is stored, in whatever form: to look for a piece of it. On SQLite of a server that is stopped.</summary>
    public async Task<string> StoredAsync()
    {
        if (_database is null)
        {
            var files = System.IO.Directory.GetFiles(Directory, "mesh.db*").Select(File.ReadAllBytes);
            return string.Concat(files.Select(Encoding.Latin1.GetString));
        }

        return (string)(await _database.Server.RunAsync(
            $"SELECT schema_to_xml('{PostgresStore.Schema}', true, false, '')::text", _database.Name))!;
    }

    /// <summary>What is wrong with the store of a server that runs.</summary>
    public IReadOnlyList<string> Findings() => Service<MeshStore>().Check(CancellationToken.None).Findings;

    public T Service<T>() where T : notnull => _app!.Services.GetRequiredService<T>();

    /// <summary>
    /// Stops the server and starts it again on the same directory, on a machine that came up <paramref name="away"/> later.
    /// </summary>
    public async Task RestartAsync(TimeSpan away = default)
    {
        await StopAsync();
        var later = new FakeTime();
        later.JumpWall(Time.GetUtcNow() - FakeTime.Start + away);
        Time = later;
        await BootAsync();
    }

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync();
            await app.DisposeAsync();
            _http!.Dispose();
        }
    }

    /// <summary>Begins to stop, and returns while open calls are still being told.</summary>
    public Task BeginStop() => _app!.StopAsync();

    /// <summary>Lets time pass a second at a time; after each, all that it made due has been decided and committed.</summary>
    public async Task AdvanceAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await SettleAsync();
        }
    }

    /// <summary>
    /// Lets <paramref name="seconds"/> pass, and then more until the call has its answer: a call that is woken on the way and waits on
    /// may arm its timer for what is left after the clock has moved past it.
    /// </summary>
    public async Task<Reply> AdvanceUntilAsync(Task<Reply> answer, int seconds)
    {
        await AdvanceAsync(seconds);
        while (!answer.IsCompleted)
        {
            await Task.WhenAny(answer, Task.Delay(20));
            await AdvanceAsync(1);
        }

        return await answer;
    }

    /// <summary>Returns when everything that was queued before has been committed.</summary>
    public async Task SettleAsync() => await Engine.ExecuteAsync(new Nothing { Actor = Actors.Mesh }, Origin.Mesh);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_database is not null && !_isBeside)
        {
            Canary.Given(_database.Server.Password);
            if (_database.Server == await PostgresServer.SharedAsync())
            {
                s_used.Add(_database);
            }
            else
            {
                await _database.DisposeAsync();
            }

        }

        if (_database is not null)
        {
            File.Delete(Path.Combine(Directory, "postgres"));
        }

        var isThere = System.IO.Directory.Exists(Directory); // a sandbox deletes it
        Canary.Look(Log.Lines, isThere ? Directory : null);
        if (isThere)
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    /// <summary>A sandbox makes its own, and nobody is there before.</summary>
    private static string NoDirectory() => Path.Combine(Path.GetTempPath(), "mesh-test-" + Path.GetRandomFileName());

    private static string NewDirectory()
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("mesh-test-").FullName;
        File.Copy(s_emptyStore.Value, Path.Combine(directory, "mesh.db"));
        return directory;
    }

    private async Task BootAsync()
    {
        string[] urls = _options.Contains("--urls") ? [] : ["--urls", "http://127.0.0.1:0"];
        _app = MeshServer.Build([.. urls, "--data", Directory, .. await StoreAsync(), .. _options], builder =>
        {
            if (!_isOnMachineTime)
            {
                builder.Services.AddSingleton<TimeProvider>(Time);
            }

            builder.Services.AddSingleton<IStartupFilter>(_served);
            builder.Logging.ClearProviders().AddProvider(Log).SetMinimumLevel(_logLevel);
            _configure?.Invoke(builder);
        });
        _map?.Invoke(_app);
        await _app.StartAsync();
        var keyFile = Service<DataDirectory>().RootKeyFile;
        if (File.Exists(keyFile)) // another node may have it
        {
            RootKey = (await File.ReadAllTextAsync(keyFile)).Trim();
            Canary.Issued(RootKey);
        }

        var address = Service<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        var handler = new SocketsHttpHandler();
        // A certificate that a test has just made is on nobody's list.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=127.0.0.1";
        _http = new HttpClient(handler) { BaseAddress = new Uri(address), Timeout = Eventually.Bound };
    }

    private async Task<string[]> StoreAsync()
    {
        if (AllOnPostgres && !_options.Contains("--sandbox") && !_options.Contains("--store"))
        {
            _postgres ??= await PostgresServer.SharedAsync();
        }

        if (_postgres is null)
        {
            return [];
        }

        _database ??= _postgres == await PostgresServer.SharedAsync()
            ? await EmptyDatabaseAsync(_postgres)
            : await _postgres.CreateDatabaseAsync();
        var file = Path.Combine(Directory, "postgres");
        if (!File.Exists(file))
        {
            await using var secret = StoreFile.CreatePrivate(file);
            await secret.WriteAsync(Encoding.UTF8.GetBytes(_database.ConnectionString));
        }

        return ["--store", "postgres", "--postgres-file", file];
    }

    /// <summary>As a first start leaves it.</summary>
    private static async Task<PostgresDatabase> EmptyDatabaseAsync(PostgresServer server)
    {
        if (!s_used.TryTake(out var used))
        {
            return await server.CreateDatabaseAsync(await s_emptyDatabase.Value);
        }

        await used.DisconnectAsync();
        await server.RunAsync(
            """
            DO $$ BEGIN
                EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ') FROM pg_tables
                    WHERE schemaname = 'session_mesh' AND tablename <> '__EFMigrationsHistory');
            END $$;
            INSERT INTO session_mesh.mesh_head VALUES (1, 0, '00000000-0000-0000-0000-000000000000', 1);
            INSERT INTO session_mesh.mesh (id, epoch, forgotten_incarnation) VALUES (1, 1, 0)
            """,
            used.Name);
        return used;
    }

    private sealed record Nothing : Command<bool>
    {
        public override Outcome<bool> Decide(MeshDraft draft) => true;
    }
}
