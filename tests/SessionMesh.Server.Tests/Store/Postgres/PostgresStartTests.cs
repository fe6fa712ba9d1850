using Microsoft.EntityFrameworkCore;
using Npgsql;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Store.Postgres;

/// <summary>What keeps a server from its database is said in a line, and changes nothing there.</summary>
public sealed class PostgresStartTests
{
    [Fact]
    public async Task WorkThatWantsTheMeshForItself_IsRefusedBesideANode_UntilThatHasGone_AndKeepsNodesAway()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync(options: ["--node-id", "first"]);
        using var second = PostgresStore.Open(PostgresSettings.Of(mesh.OnPostgres.ConnectionString), "second", alone: true);
        var refused = Assert.Throws<StartupException>(() => second.Load(new(), at => new(at, 1)));
        Assert.Equal(
            "Another node runs on this mesh, first. Stop all its servers, or wait 10 s if one has ended without a word.",
            refused.Message);
        await mesh.RegisterAsync("a"); // and the first goes on

        await mesh.StopAsync();
        var state = new Core.State.MeshState();
        second.Load(state, at => new(at, 1));
        Assert.Equal(1, state.AgentCount);
        using var third = PostgresStore.Open(PostgresSettings.Of(mesh.OnPostgres.ConnectionString), "third");
        refused = Assert.Throws<StartupException>(() => third.Load(new(), at => new(at, 1)));
        Assert.Equal("second works on this mesh, and wants it for itself. Try again when it is done.", refused.Message);
    }

    [Fact]
    public async Task Node_OfANameThatIsTaken_IsRefused()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync(options: ["--node-id", "one"]);
        using var other = PostgresStore.Open(PostgresSettings.Of(mesh.OnPostgres.ConnectionString), "one");
        var refused = Assert.Throws<StartupException>(() => other.Load(new(), at => new(at, 1)));
        Assert.Equal("A node one runs on this mesh already. Give this one another name with --node-id.", refused.Message);
        await mesh.RegisterAsync("a");
    }

    [Fact]
    public async Task Node_WhoseNameAnotherProcessTook_CommitsNothingMore()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync(options: ["--node-id", "one"]);
        await using (var connection = await mesh.OnPostgres.ConnectAsync())
        {
            // As by one that began while this one was stopped for so long that it counted as gone.
            await using var take = new NpgsqlCommand(
                "UPDATE session_mesh.mesh_nodes SET owner = gen_random_uuid(), session = session + 1", connection);
            Assert.Equal(1, await take.ExecuteNonQueryAsync());
        }

        (await mesh.PostAsync("agents", """{"agent_id":"a"}""")).ShouldBeRefused(503, "commit_failed");
        await Eventually.True(async () => (await mesh.GetAsync("~/readyz", "")).Status == 503, () => "it is not ready");
    }

    [Fact]
    public async Task Node_WhoseSessionWasRaisedThoughItNeverHeardSo_GoesOn()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        await using (var connection = await mesh.OnPostgres.ConnectAsync())
        {
            await using var raise = new NpgsqlCommand("UPDATE session_mesh.mesh_nodes SET session = session + 1", connection);
            Assert.Equal(1, await raise.ExecuteNonQueryAsync());
        }

        await mesh.RegisterAsync("a");
    }

    [Theory]
    [InlineData("CREATE SCHEMA session_mesh; CREATE TABLE session_mesh.t (n int)",
        "The schema session_mesh (*) has tables that are not a mesh's. Nothing in it was changed. "
        + "Name another one with Search Path= in the connection string.")]
    [InlineData("""
        CREATE SCHEMA session_mesh; CREATE TABLE session_mesh."__EFMigrationsHistory" ("MigrationId" text, "ProductVersion" text);
        INSERT INTO session_mesh."__EFMigrationsHistory" VALUES ('29991231235959_Later', '99')
        """,
        "The schema session_mesh (*) was written by a newer version (it has the migration 29991231235959_Later). Start that version.")]
    [InlineData("REVOKE CREATE ON DATABASE {0} FROM mesh; ALTER DATABASE {0} OWNER TO postgres",
        "PostgreSQL (*) does not let this user do it (permission denied for database {0}). It needs CREATE on the database, or a schema "
        + "that it owns.")]
    public async Task Database_ThatDoesNotFit_IsRefused(string before, string said)
    {
        var server = await PostgresServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        await server.RunAsync(before.Replace("{0}", database.Name, StringComparison.Ordinal), database.Name);
        if (before.Contains("SCHEMA", StringComparison.Ordinal))
        {
            await server.RunAsync("GRANT ALL ON SCHEMA session_mesh TO mesh; GRANT ALL ON ALL TABLES IN SCHEMA session_mesh TO mesh",
                database.Name);
        }

        var options = PostgresSettings.Of(database.ConnectionString);
        var refused = Assert.Throws<StartupException>(() => PostgresStore.Open(options, "n"));
        Assert.Equal(
            said.Replace("{0}", database.Name, StringComparison.Ordinal).Replace("*", options.ToString(), StringComparison.Ordinal),
            refused.Message);
    }

    [Fact]
    public async Task Database_ThatRefusesOrIsNotThere_IsRefused()
    {
        var server = await PostgresServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        Say(text => text.Password = "wrong", "refuses this user or its password. Look at the connection string and at pg_hba.conf.");
        Say(text => text.Database = "nowhere", "has no such database. Make it with CREATE DATABASE, or name another.");
        Say(text => text.Port = 1, "cannot be reached: Connection refused. Is it running, and is the address right?");

        void Say(Action<NpgsqlConnectionStringBuilder> change, string said)
        {
            var text = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
            change(text);
            var options = PostgresSettings.Of(text.ConnectionString);
            var refused = Assert.Throws<StartupException>(() => PostgresStore.Open(options, "n"));
            Assert.Equal($"PostgreSQL ({options}) {said}", refused.Message);
            Assert.DoesNotContain(server.Password, refused.ToString(), StringComparison.Ordinal);
        }
    }

    /// <summary>It refuses, or is gone, between two steps of a start.</summary>
    [Fact]
    public async Task Database_ThatFailsDuringTheStart_IsSaid()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var database = await server.CreateDatabaseAsync();
        var text = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString;
        using var store = PostgresStore.Open(PostgresSettings.Of(text), "one");
        await database.DisconnectAsync();
        await server.RunAsync("ALTER ROLE mesh CONNECTION LIMIT 1");
        Says(
            () => store.Load(new(), at => new(at, 1)),
            "has no connection left. Raise max_connections, or lower Maximum Pool Size in the connection string.");

        await server.StopAsync(immediate: true);
        Says(() => store.ReadClock(), "cannot be reached: Connection refused. Is it running, and is the address right?");

        void Says(Func<object> step, string said)
        {
            var refused = Assert.Throws<StartupException>(step);
            Assert.Equal($"PostgreSQL {said}", refused.Message);
            Assert.DoesNotContain(server.Password, refused.ToString(), StringComparison.Ordinal);
        }
    }

    /// <summary>A server that takes the place of another in its process tries until PostgreSQL lets it, and says why once.</summary>
    [Fact]
    public async Task Server_InThePlaceOfAnother_StartsOnceItsDatabaseHasRoom()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var mesh = await MeshHost.StartNodeAsync("one", server);
        var before = mesh.Service<ServerOptions>();
        await mesh.StopAsync();
        await mesh.OnPostgres.DisconnectAsync();
        await server.RunAsync("ALTER ROLE mesh CONNECTION LIMIT 1");
        await using var errors = new StringWriter();
        string[] options = ["--data", mesh.Directory, "--store", "postgres", "--postgres-file", Path.Combine(mesh.Directory, "postgres")];
        var start = Task.Run(() => Listening.StartAgainAsync(options, before, TextWriter.Synchronized(errors)));
        await Eventually.True(
            () => start.IsCompleted || errors.ToString().Contains("has no connection left", StringComparison.Ordinal),
            () => $"it says so: {errors}");
        await server.RunAsync("ALTER ROLE mesh CONNECTION LIMIT -1");
        await using var app = await start;
        Assert.Contains("It tries again.", errors.ToString(), StringComparison.Ordinal);
        await app.StopAsync();
    }

    [Fact]
    public void Model_IsThatOfTheMigrations()
    {
        using var context = PostgresContext.Of(new NpgsqlConnection("Host=localhost"), PostgresStore.Schema);
        Assert.False(context.Database.HasPendingModelChanges());
    }
}
