using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace SessionMesh.Tests;

/// <summary>
/// A PostgreSQL of the tests' own: a scratch directory of mode 0700, a free port of 127.0.0.1 with a password, and a Unix socket in that
/// directory without one. It ends, and its directory goes, with the process that started it, however that ends. Linked into each test
/// project that needs it: <c>&lt;Compile Include="../Shared/Postgres*.cs" LinkBase="Shared" /&gt;</c>, with a reference to Npgsql.
/// </summary>
/// <remarks>
/// Most tests share one server, by <see cref="SharedAsync"/>, and have a database each. What stops, pauses or kills it starts its own.
/// </remarks>
internal sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The role that databases belong to. It is no superuser.</summary>
    public const string User = "mesh";

    private const string Superuser = "postgres";

    private static readonly Lazy<Task<PostgresServer>> s_shared = new(() => StartNewAsync());

    private readonly PostgresGuard _guard;
    private readonly string _data;
    private readonly List<string> _settings;
    private int _databases;

    private PostgresServer(PostgresGuard guard, int port, bool fsync, string[] settings)
    {
        (_guard, Port, _data) = (guard, port, Path.Combine(guard.Scratch, "data"));
        _settings =
        [
            $"port={port}", "listen_addresses=127.0.0.1", $"unix_socket_directories={guard.Scratch}", $"fsync={(fsync ? "on" : "off")}",
            "max_connections=200", "log_line_prefix=%m [%p] %u@%d ", "cluster_name=session-mesh-tests", .. settings,
        ];
    }

    /// <summary>Of 127.0.0.1. The same after each start.</summary>
    public int Port { get; }

    /// <summary>Of <see cref="User"/>, random. A test may look for it where it must not show.</summary>
    public string Password { get; private init; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>The scratch directory; the socket is in it.</summary>
    public string Directory => _guard.Scratch;

    /// <summary>The id of the postmaster; of the last one, while none runs.</summary>
    public int Pid { get; private set; }

    /// <summary>Neither stopped nor paused.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>What it has logged since it was made.</summary>
    public string Log => File.Exists(_guard.Log) ? File.ReadAllText(_guard.Log) : "";

    /// <summary>The one of this test process, started when it is first asked for. Nobody stops or pauses it.</summary>
    public static Task<PostgresServer> SharedAsync() => s_shared.Value;

    /// <summary>Starts one that is the caller's alone.</summary>
    /// <param name="fsync">Whether commits reach the disk. Off because it is slow, and killed processes lose nothing without it.</param>
    /// <param name="settings">Of postgresql.conf, as <c>name=value</c>.</param>
    public static async Task<PostgresServer> StartNewAsync(bool fsync = false, params string[] settings)
    {
        var guard = PostgresGuard.Make();
        var server = new PostgresServer(guard, FreePort(), fsync, settings);
        try
        {
            await server.InitialiseAsync();
            await server.StartAsync();
            await server.RunAsync($"CREATE ROLE {User} LOGIN PASSWORD '{server.Password}'");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Starts a copy of another one that follows it, asynchronously unless that one's <c>synchronous_standby_names</c> says otherwise. It
    /// is read-only until <see cref="PromoteAsync"/>.
    /// </summary>
    public static async Task<PostgresServer> StartStandbyAsync(PostgresServer primary)
    {
        var guard = PostgresGuard.Make();
        var standby = new PostgresServer(guard, FreePort(), fsync: false, []) { Password = primary.Password };
        try
        {
            await guard.RunAsync([
                PostgresGuard.Program("pg_basebackup"), "-h", primary.Directory, "-p", primary.Port.ToString(CultureInfo.InvariantCulture),
                "-U", Superuser, "-D", standby._data, "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
            ]);
            await standby.StartAsync();
            return standby;
        }
        catch
        {
            await standby.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the following of a standby for good: what its primary commits from here on does not reach it.</summary>
    public async Task CutOffAsync()
    {
        await RunAsync("ALTER SYSTEM SET primary_conninfo = ''");
        await RunAsync("SELECT pg_reload_conf()");
        await Eventually.True(
            async () => (long)(await RunAsync("SELECT count(*) FROM pg_stat_wal_receiver"))! == 0, () => "the standby follows no more");
    }

    /// <summary>Makes a standby a primary; returns once it takes writes.</summary>
    public Task PromoteAsync() => RunAsync("SELECT pg_promote()");

    /// <summary>Of <see cref="User"/>, over 127.0.0.1, with the password.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1", Port = Port, Database = database, Username = User, Password = Password,
    }.ConnectionString;

    /// <summary>Of the superuser, over the socket, without a pool. Only the account of the tests and root get to that socket.</summary>
    public string AdminConnectionString(string database = "postgres") => new NpgsqlConnectionStringBuilder
    {
        Host = Directory, Port = Port, Database = database, Username = Superuser, Pooling = false,
    }.ConnectionString;

    /// <summary>A database that belongs to <see cref="User"/>. Disposing drops it, whoever is connected.</summary>
    /// <param name="template">A database to copy, to which nobody is connected; null for an empty one.</param>
    public async Task<PostgresDatabase> CreateDatabaseAsync(string template = "template1")
    {
        var name = "mesh_" + Interlocked.Increment(ref _databases).ToString(CultureInfo.InvariantCulture);
        await RunAsync($"CREATE DATABASE {name} OWNER {User} TEMPLATE {template}");
        return new PostgresDatabase(this, name);
    }

    /// <summary>Runs a statement as the superuser; returns its first value.</summary>
    public async Task<object?> RunAsync(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(AdminConnectionString(database));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Starts it again on the same data and port; returns once it takes connections.</summary>
    public async Task StartAsync()
    {
        string[] options = [.. _settings.SelectMany(setting => new[] { "-c", setting })];
        Pid = await _guard.StartAsync([PostgresGuard.Program("postgres"), "-D", _data, .. options]);
        var ready = Path.Combine(_data, "postmaster.pid"); // its eighth line is what pg_ctl waits for
        await Eventually.True(
            () => PostgresGuard.HasEnded(Pid) ? throw new InvalidOperationException($"PostgreSQL ended at its start:\n{Log}")
                : File.Exists(ready) && File.ReadAllLines(ready) is [var pid, _, _, _, _, _, _, var state, ..]
                    && pid.Trim() == Pid.ToString(CultureInfo.InvariantCulture) && state.Trim() is "ready" or "standby",
            () => "PostgreSQL takes connections\n" + Log);
        IsRunning = true;
    }

    /// <summary>Ends it, and returns once it is gone.</summary>
    /// <param name="immediate">Without a checkpoint, as in a crash: the next start recovers. Otherwise sessions are ended first.</param>
    public Task StopAsync(bool immediate = false) => EndAsync(immediate ? "QUIT" : "INT");

    /// <summary>Kills every process of it with SIGKILL, as a machine that goes away.</summary>
    public Task KillAsync() => EndAsync("KILL");

    /// <summary>Ends it at once and starts it again.</summary>
    public async Task RestartImmediateAsync()
    {
        await StopAsync(immediate: true);
        await StartAsync();
    }

    /// <summary>Stops every process of it (SIGSTOP): connections stay open and nothing answers.</summary>
    public Task PauseAsync()
    {
        IsRunning = false;
        return _guard.TellAsync("all STOP");
    }

    /// <summary>Lets every process of it go on.</summary>
    public async Task ResumeAsync()
    {
        await _guard.TellAsync("all CONT");
        IsRunning = true;
    }

    /// <summary>The ids of the processes that serve connections to a database.</summary>
    public async Task<int[]> BackendsAsync(string database) =>
        (int[])(await RunAsync(
            "SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity "
            + $"WHERE datname = '{database}' AND backend_type = 'client backend' AND pid <> pg_backend_pid()"))!;

    /// <summary>
    /// Signals one process that serves a connection. TERM ends that connection, INT its query; KILL makes the server end all of them and
    /// recover. One that is gone already is no error.
    /// </summary>
    public Task SignalBackendAsync(int pid, string signal = "TERM") => _guard.TellAsync($"one {signal} {pid}");

    public ValueTask DisposeAsync()
    {
        IsRunning = false;
        return _guard.DisposeAsync();
    }

    private Task InitialiseAsync() => _guard.RunAsync([
        PostgresGuard.Program("initdb"), "-D", _data, "--no-sync", "--encoding=UTF8", "--locale=C", "--username=" + Superuser,
        "--auth-local=trust", "--auth-host=scram-sha-256",
    ]);

    private async Task EndAsync(string signal)
    {
        IsRunning = false;
        await _guard.TellAsync("stop " + signal);
    }

    /// <summary>Below those of outgoing connections: none of them must take it while the server restarts.</summary>
    private static int FreePort()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(12_000, 32_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // In use.
            }
        }
    }
}

/// <summary>A database of one test. Disposing drops it, unless its server is stopped or paused, and so is the test's own.</summary>
internal sealed class PostgresDatabase(PostgresServer server, string name) : IAsyncDisposable
{
    public PostgresServer Server => server;
    public string Name => name;

    /// <summary>Of the role that owns it, with the password.</summary>
    public string ConnectionString => server.ConnectionString(name);

    /// <summary>Of the superuser.</summary>
    public string AdminConnectionString => server.AdminConnectionString(name);

    /// <summary>An open connection of the role that owns it.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Ends whatever is still connected to it.</summary>
    public async Task DisconnectAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await server.RunAsync($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'");
    }

    public async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        if (server.IsRunning)
        {
            await server.RunAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        }
    }
}
