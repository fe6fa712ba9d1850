using Npgsql;
using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>A standby takes over for PostgreSQL: with all that was committed, or without the last of it.</summary>
[Collection(NodesCollection.Name)]
public sealed class FailoverTests(ITestOutputHelper output)
{
    [Fact]
    public async Task SynchronousStandby_Promoted_NothingIsLost()
    {
        var primary = await PostgresServer.StartNewAsync();
        await using var standby = await PostgresServer.StartStandbyAsync(primary);
        await primary.RunAsync("ALTER SYSTEM SET synchronous_standby_names = '*'");
        await primary.RunAsync("SELECT pg_reload_conf()");
        await Eventually.True(
            async () => (string?)await primary.RunAsync("SELECT sync_state FROM pg_stat_replication") == "sync",
            () => "the standby is synchronous");
        await using var cluster = await Cluster.StartAsync(primary, connection: _ => Either(primary, standby));
        await using var load = new Load(cluster, NodeSoak.Seed);
        load.Start();
        await load.AnsweredAsync(NodeSoak.Times(300, 5000));

        await primary.KillAsync();
        await standby.PromoteAsync();
        await Task.WhenAll(cluster.Nodes.Select(node => node.ReadyAsync()));
        await load.AnsweredAsync(300);
        await load.StopAsync();
        await ClusterCheck.AfterAsync(cluster, load);
        output.WriteLine(load.ToString());
    }

    [Fact]
    public async Task AsynchronousStandby_PromotedWithoutTheLastCommits_WhatIsLostIsLostOnEveryNodeAlike()
    {
        var primary = await PostgresServer.StartNewAsync();
        await using var standby = await PostgresServer.StartStandbyAsync(primary);
        await using var cluster = await Cluster.StartAsync(primary, connection: _ => Either(primary, standby));
        await RegisterAsync(cluster[0], "kept");
        var kept = await cluster[1].Http.PostAsync("steer", """{"agent_id":"kept","direction":"kept"}""");
        var key = await cluster[2].Http.PostAsync("keys", """{"session_key":"kept"}""");
        await CaughtUpAsync(primary, standby);
        await standby.CutOffAsync();

        // Acknowledged, and on the old primary alone.
        await RegisterAsync(cluster[1], "lost");
        var lost = await cluster[2].Http.PostAsync("steer", """{"agent_id":"kept","direction":"lost","message":"lost"}""");
        var lostKey = await cluster[0].Http.PostAsync("keys", """{"session_key":"lost"}""");
        Assert.True(lost.IsDone && lostKey.IsDone);
        Assert.True((await cluster[0].Http.DeleteAsync($"keys/{key.Text("key_id")}")).IsDone);
        var inboxes = await Task.WhenAll(cluster.Nodes.Select(node => EventStream.OpenAsync(node, "agents/kept/directives?incarnation=1")));
        foreach (var inbox in inboxes)
        {
            await inbox.NextAsync(next => next.Text("direction") == "lost");
        }

        var logs = await Task.WhenAll(cluster.Nodes.Select(node => EventStream.OpenAsync(node, "events?after=0")));
        var seen = new List<long>();
        foreach (var log in logs)
        {
            seen.Add((await log.NextAsync(next => next.Kind == "key.revoked")).Id!.Value);
        }

        await primary.KillAsync();
        await standby.PromoteAsync();
        await Task.WhenAll(cluster.Nodes.Select(node => node.ReadyAsync()));

        // Whoever listened was told, or was cut off and is told when it comes back.
        await TheyHearOfItAsync(cluster, "agents/kept/directives?incarnation=1", inboxes, [2, 2, 2]);
        await TheyHearOfItAsync(cluster, "events", logs, seen);
        foreach (var node in cluster.Nodes)
        {
            await Eventually.True(
                async () => (await node.Http.GetAsync("agents/lost")).Status == 404, () => $"agent lost is not at {node.Id}");
            Assert.Equal(404, (await node.Http.GetAsync($"directives/{lost.Text("directive_id")}")).Status);
            Assert.Equal("kept", (await node.Http.GetAsync($"directives/{kept.Text("directive_id")}")).Text("direction"));
            using var withLost = new MeshHttp(node.Url, lostKey.Text("token")!);
            Assert.Equal(401, (await withLost.GetAsync("keys/self")).Status);
            using var withKept = new MeshHttp(node.Url, key.Text("token")!);
            Assert.Equal(200, (await withKept.GetAsync("keys/self")).Status); // its end was lost, too
        }

        // The mesh goes on, in one history.
        await using var load = new Load(cluster, NodeSoak.Seed);
        load.Start();
        await load.AnsweredAsync(NodeSoak.Times(300, 5000));
        await load.StopAsync();
        await ClusterCheck.AfterAsync(cluster, load);
        Assert.DoesNotContain((await ClusterCheck.LogsAsync(cluster))[0], entry => entry.Contains("\"lost\"", StringComparison.Ordinal));
        output.WriteLine(load.ToString());
    }

    private string Either(PostgresServer one, PostgresServer other)
    {
        var connection = new NpgsqlConnectionStringBuilder(one.ConnectionString(""))
        {
            Host = $"127.0.0.1:{one.Port},127.0.0.1:{other.Port}", TargetSessionAttributes = "primary",
        };
        connection.Remove("Port");
        output.WriteLine($"hosts {connection.Host}");
        return connection.ConnectionString;
    }

    private static async Task RegisterAsync(Node node, string id) =>
        Assert.Equal(201, (await node.Http.PostAsync("agents", $$"""{"agent_id":"{{id}}","ttl":3600}""")).Status);

    private static Task CaughtUpAsync(PostgresServer primary, PostgresServer standby) => Eventually.True(
        async () =>
        {
            var written = (string)(await primary.RunAsync("SELECT pg_current_wal_flush_lsn()::text"))!;
            return await standby.RunAsync($"SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn") is true;
        },
        () => "the standby has all that was committed");

    private static async Task TheyHearOfItAsync(Cluster cluster, string path, EventStream[] streams, List<long> seen)
    {
        foreach (var (stream, i) in streams.Select((stream, i) => (stream, i)))
        {
            using (stream)
            {
                var told = false;
                try
                {
                    while (!told && await stream.NextAsync() is { } next)
                    {
                        told = next.Kind == "resync";
                    }
                }
                catch (IOException)
                {
                    // Cut off.
                }

                if (!told)
                {
                    using var again = await EventStream.OpenAsync(cluster[i], path, after: seen[i]);
                    var first = await again.NextAsync();
                    Assert.True(first?.Kind == "resync", $"{path} at {cluster[i].Id} after {seen[i]}: {first}");
                }
            }
        }
    }
}
