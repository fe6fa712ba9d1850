using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// The wall clock of one node is an hour wrong, and nothing comes of it: the mesh has the clock of its PostgreSQL. libfaketime stands
/// between that node and the system.
/// </summary>
[Collection(NodesCollection.Name)]
public sealed class WrongClockTests(ITestOutputHelper output)
{
    private const int Minutes = 60;

    [Theory]
    [InlineData("+3600")]
    [InlineData("-3600")]
    public async Task OneNode_AnHourWrong_AsJudgeToo_ChangesNothing(string offset)
    {
        var began = TimeProvider.System.GetUtcNow();
        await using var cluster = await Cluster.StartAsync(await PostgresServer.StartNewAsync(), prepare: cluster =>
        {
            var environment = cluster[0].Server.Environment;
            environment["LD_PRELOAD"] = Library();
            environment["FAKETIME"] = offset;
            environment["DONT_FAKE_MONOTONIC"] = "1";
            // Else every timed wait of .NET returns at once, and the process spins.
            environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0";
        });

        // It is the judge once the others were away.
        foreach (var other in cluster.Nodes.Skip(1))
        {
            await other.StopAsync();
        }

        Assert.Equal(cluster[0], await cluster.JudgeAsync());
        foreach (var other in cluster.Nodes.Skip(1))
        {
            await other.StartAsync();
        }

        await using var load = new Load(cluster, NodeSoak.Seed);
        load.Start();
        var made = new List<(string Path, DateTimeOffset ExpiresAt)>();
        foreach (var node in cluster.Nodes)
        {
            var session = await node.Http.PostAsync("sessions", """{"ttl":600}""");
            var key = await node.Http.PostAsync("keys", $$"""{"session_key":"{{node.Id}}","ttl":600}""");
            made.Add(($"sessions/{session.Text("id")}", session.Json.GetProperty("expires_at").GetDateTimeOffset()));
            made.Add(($"keys/{key.Text("key_id")}", key.Json.GetProperty("expires_at").GetDateTimeOffset()));
            var ended = await node.Http.PostAsync("sessions", """{"ttl":2}""");
            await cluster[1].Http.GetAsync($"sessions/{ended.Text("id")}");
            await Eventually.True(
                async () => (await cluster[0].Http.GetAsync($"sessions/{ended.Text("id")}")).Text("status") == "expired",
                () => $"a session of 2 s of {node.Id} ends");
        }

        await load.AnsweredAsync(NodeSoak.Times(300, 5000));
        Assert.All(made, one => Assert.InRange(
            one.ExpiresAt, began + TimeSpan.FromSeconds(600), TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(610)));
        foreach (var node in cluster.Nodes)
        {
            foreach (var (path, _) in made)
            {
                var there = await node.Http.GetAsync(path);
                Assert.True((there.Text("status") ?? there.Text("state")) is "active" or "valid", $"{path} at {node.Id}: {there}");
            }
        }

        // The judge goes over to one whose clock is right, and back.
        await cluster[0].KillAsync();
        await cluster.JudgeAsync();
        await cluster[0].StartAsync();
        await load.AnsweredAsync(100);
        await load.StopAsync();
        await ClusterCheck.AfterAsync(cluster, load);
        var log = (await ClusterCheck.LogsAsync(cluster))[0].ConvertAll(Members.Parse);
        var times = log.ConvertAll(entry => entry.GetProperty("at").GetDateTimeOffset());
        Assert.Equal(times.Order(), times);
        Assert.InRange(times[^1], began, TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(Minutes / 2));
        output.WriteLine(load.ToString());
    }

    private static string Library() =>
        Directory.GetDirectories("/usr/lib")
            .Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("libfaketime is not installed; eng/test.sh does that");
}
