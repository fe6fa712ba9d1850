using Npgsql;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Support;

/// <summary>The database that tests run on does what they ask of it.</summary>
public sealed class PostgresServerTests
{
    [Fact]
    public async Task Database_IsItsOwnersAlone_AndGoneAfterwards()
    {
        var server = await PostgresServer.SharedAsync();
        string name;
        await using (var database = await server.CreateDatabaseAsync())
        {
            await using var connection = await database.ConnectAsync();
            await using var version = new NpgsqlCommand("SHOW server_version_num", connection);
            Assert.True(int.Parse((string)(await version.ExecuteScalarAsync())!) >= 140_000);
            await using var table = new NpgsqlCommand("CREATE TABLE t (n int); CREATE SCHEMA s", connection);
            await table.ExecuteNonQueryAsync();
            await using var rights = new NpgsqlCommand("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", connection);
            Assert.Equal(false, await rights.ExecuteScalarAsync());
            name = database.Name;
        }

        Assert.Null(await server.RunAsync($"SELECT 1 FROM pg_database WHERE datname = '{name}'"));
    }

    [Fact]
    public async Task WrongPassword_IsRefused()
    {
        var server = await PostgresServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        var wrong = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Password = "wrong" };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);
        Assert.Equal("28P01", (await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync())).SqlState);
    }

    [Fact]
    public async Task Server_ThatIsStoppedOrKilled_ComesBackOnItsPortWithItsData()
    {
        await using var server = await PostgresServer.StartNewAsync(settings: "autovacuum=off");
        await using var database = await server.CreateDatabaseAsync();
        await CountAsync("CREATE TABLE t (n int); SELECT 0");
        var rows = 0L;
        foreach (var stop in new Func<Task>[] { () => server.StopAsync(), () => server.StopAsync(immediate: true), server.KillAsync })
        {
            Assert.Equal(++rows, await CountAsync("INSERT INTO t VALUES (1); SELECT count(*) FROM t"));
            await stop();
            Assert.True(PostgresGuard.HasEnded(server.Pid));
            await using var refused = new NpgsqlConnection(database.ConnectionString);
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => refused.OpenAsync());
            await server.StartAsync();
        }

        await server.RestartImmediateAsync();
        Assert.Equal(rows, await CountAsync("SELECT count(*) FROM t"));
        Assert.Equal("off", await server.RunAsync("SHOW autovacuum"));
        Assert.Equal("off", await server.RunAsync("SHOW fsync"));

        async Task<long> CountAsync(string sql) => Convert.ToInt64(await server.RunAsync(sql, database.Name));
    }

    [Fact]
    public async Task Server_ThatIsPaused_AnswersOnceItGoesOn()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var database = await server.CreateDatabaseAsync();
        await using var connection = await database.ConnectAsync();
        await server.PauseAsync();
        // The signal is sent; on a busy machine the process hears it a moment later.
        await Eventually.True(
            () => File.ReadAllText($"/proc/{connection.ProcessID}/stat").Split(") ")[^1][0] == 'T', () => "the backend is stopped");
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        var answer = command.ExecuteScalarAsync();
        Assert.False(answer.IsCompleted);
        await server.ResumeAsync();
        Assert.Equal(1, await answer.WaitAsync(Eventually.Bound));

        await server.PauseAsync(); // and can be ended as it is
    }

    [Fact]
    public async Task Backend_ThatIsSignalled_LosesItsConnection_AndAForeignProcessHearsNothing()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var database = await server.CreateDatabaseAsync();
        await using var connection = await database.ConnectAsync();
        var backend = Assert.Single(await server.BackendsAsync(database.Name));
        Assert.Equal(connection.ProcessID, backend);
        await server.SignalBackendAsync(backend);
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => command.ExecuteScalarAsync());
        await server.SignalBackendAsync(Environment.ProcessId, "KILL");
        Assert.Empty(await server.BackendsAsync(database.Name));
    }

    [Fact]
    public async Task Server_LeavesNothingBehind()
    {
        var server = await PostgresServer.StartNewAsync();
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(server.Directory) == StoreDirectory.OwnerOnly);
        await server.DisposeAsync();
        Assert.True(PostgresGuard.HasEnded(server.Pid));
        Assert.False(Directory.Exists(server.Directory));
    }
}
