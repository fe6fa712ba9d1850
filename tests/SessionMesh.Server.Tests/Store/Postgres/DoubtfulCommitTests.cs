using Microsoft.Extensions.Logging;
using Npgsql;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Store.Postgres;

/// <summary>Commits whose end was not seen, or not as it was asked for: nothing is answered that may not be so.</summary>
public sealed class DoubtfulCommitTests
{
    /// <summary>The commit is cut off, and PostgreSQL has no room for a new connection at once: that says nothing of the commit.</summary>
    [Fact]
    public async Task AnswerThatWasLost_WhileThereIsNoConnectionLeft_IsNotTakenForARefusal()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync(logLevel: LogLevel.None);
        await mesh.RegisterAsync("a");
        var server = mesh.OnPostgres.Server;
        Task<Reply> steer;
        await using (var holder = await mesh.OnPostgres.ConnectAsync())
        {
            await using (await HoldHeadAsync(holder))
            {
                steer = mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
                var backend = await WaitingAsync(mesh, "Lock", "%mesh_append%");
                await server.RunAsync($"ALTER DATABASE {mesh.OnPostgres.Name} CONNECTION LIMIT 0");
                try
                {
                    await server.RunAsync($"SELECT pg_terminate_backend({backend})");
                    await Task.WhenAny(steer, Task.Delay(1000)); // whoever takes the want of room for an answer has given its own by now
                    Assert.False(steer.IsCompleted, "it is still looking what became of the commit");
                }
                finally
                {
                    await server.RunAsync($"ALTER DATABASE {mesh.OnPostgres.Name} CONNECTION LIMIT -1");
                }
            }
        }

        (await steer).ShouldBeRefused(503, "commit_failed");
        (await mesh.SteerAsync("a")).ShouldBeOk();
        Assert.Single((await mesh.GetAsync("agents/a/directives/history")).Json["directives"]!.AsArray());
    }

    /// <summary>
    /// A commit that waits for a synchronous standby and is broken off there is in the log of this PostgreSQL alone, which reports it as
    /// done, with a warning. Whoever was promised a standby is not told that it is done.
    /// </summary>
    [Fact]
    public async Task Commit_ThatNoStandbyHas_IsNotAnswered_UntilOneHasIt()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var mesh = await MeshHost.StartOnPostgresAsync(server, LogLevel.None);
        await mesh.RegisterAsync("a");
        await StandbyAsync(server, "nobody");
        var steer = mesh.SteerAsync("a");
        var append = await WaitingAsync(mesh, "SyncRep", "%mesh_append%");
        await server.RunAsync($"SELECT pg_cancel_backend({append})"); // as the time-out of the call does
        await WaitingAsync(mesh, "SyncRep", "%mesh_resume%");
        Assert.False(steer.IsCompleted, "no standby has it");
        await StandbyAsync(server, "");
        (await steer).ShouldBeOk();
        Assert.Single((await mesh.GetAsync("agents/a/directives/history")).Json["directives"]!.AsArray());
    }

    /// <summary>The new root key may be the only one that opens the mesh: its file stays until it is known whether it does.</summary>
    [Fact]
    public async Task NewRoot_ThatIsNotKnownToBeStored_KeepsItsFile()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var mesh = await MeshHost.StartOnPostgresAsync(server, LogLevel.None);
        await StandbyAsync(server, "nobody");
        var replacing = mesh.PostAsync("admin/new-root");
        await server.RunAsync($"SELECT pg_cancel_backend({await WaitingAsync(mesh, "SyncRep", "%mesh_append%")})");
        (await replacing).ShouldBeRefused(503, "outcome_unknown");
        var file = Assert.Single(Directory.GetFiles(mesh.Directory, "root.key*.new"));
        var token = (await File.ReadAllTextAsync(file)).Trim();
        await StandbyAsync(server, "");
        await Eventually.True(async () => (await mesh.GetAsync("alive", token)).Status == 200, () => "the new key opens the mesh");

        // The next one begins with what became of this.
        var next = await mesh.SendAsync(HttpMethod.Post, "admin/new-root", key: token);
        Assert.Equal(201, next.Status);
        Assert.Empty(Directory.GetFiles(mesh.Directory, "root.key*.new"));
        var kept = await File.ReadAllTextAsync(Path.Combine(mesh.Directory, "root.key"));
        Assert.Equal(next.Json["token"]!.GetValue<string>(), kept.Trim());
    }

    /// <summary>A node that was away for longer than the log is kept loads anew. Nothing was lost, and the mesh has no new epoch.</summary>
    [Fact]
    public async Task Node_ThatTheLogHasLeftBehind_StartsAnew_InTheSameEpoch()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync(logLevel: LogLevel.None);
        await mesh.RegisterAsync("a");
        await using (var connection = await mesh.OnPostgres.ConnectAsync())
        {
            await using var write = new NpgsqlCommand(
                """
                SET search_path = session_mesh;
                UPDATE mesh_head SET revision = revision + 1, stamp = gen_random_uuid();
                INSERT INTO changes (revision, at, actor, kind, subject, payload)
                SELECT h.revision, c.at, c.actor, c.kind, 'b', c.payload FROM mesh_head h, changes c WHERE c.kind = 'agent.registered';
                DELETE FROM changes WHERE revision < (SELECT revision FROM mesh_head);
                DELETE FROM mesh_batches;
                INSERT INTO mesh_batches SELECT revision, revision, stamp, gen_random_uuid(), 'two', 1 FROM mesh_head;
                SELECT pg_notify(mesh_channel(), 'two')
                """,
                connection);
            await write.ExecuteNonQueryAsync();
        }

        await Eventually.True(() => mesh.Service<Restart>().IsAsked, () => "it asks for a new start");
        Assert.Equal(1L, await mesh.OnPostgres.Server.RunAsync("SELECT epoch FROM session_mesh.mesh", mesh.OnPostgres.Name));
    }

    private static async Task<NpgsqlTransaction> HoldHeadAsync(NpgsqlConnection connection)
    {
        var transaction = await connection.BeginTransactionAsync();
        await using var take = new NpgsqlCommand("SELECT FROM session_mesh.mesh_head FOR UPDATE", connection, transaction);
        await take.ExecuteNonQueryAsync();
        return transaction;
    }

    /// <summary>The process of the server that runs such a query and waits for that.</summary>
    private static async Task<int> WaitingAsync(MeshHost mesh, string waits, string query)
    {
        int? found = null;
        await Eventually.True(
            async () => (found = await mesh.OnPostgres.Server.RunAsync(
                "SELECT pid FROM pg_stat_activity WHERE wait_event IS NOT NULL "
                + $"AND '{waits}' IN (wait_event, wait_event_type) AND query LIKE '{query}' AND pid <> pg_backend_pid()",
                mesh.OnPostgres.Name) as int?) is not null,
            () => $"{query} waits: {waits}");
        return found!.Value;
    }

    private static async Task StandbyAsync(PostgresServer server, string name)
    {
        await server.RunAsync($"ALTER SYSTEM SET synchronous_standby_names = '{name}'");
        await server.RunAsync("SELECT pg_reload_conf()");
        await Eventually.True(
            async () => (string)(await server.RunAsync("SHOW synchronous_standby_names"))! == name, () => "the setting is read");
    }
}
