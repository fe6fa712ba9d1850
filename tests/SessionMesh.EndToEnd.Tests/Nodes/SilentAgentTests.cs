using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>Whoever decides: the one who is silent is found out, and nobody is because of the deciders.</summary>
[Collection(NodesCollection.Name)]
public sealed class SilentAgentTests(ITestOutputHelper output)
{
    /// <summary>A lease that was granted anew by one judge after the other, at least 30 s each, and lapses under the last.</summary>
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task SilentAgent_WhileJudgesDie_BecomesSuspect_AndOneThatBeatsDoesNot()
    {
        await using var cluster = await Cluster.StartAsync();
        await using var load = new Load(cluster, NodeSoak.Seed);
        load.Start();
        await load.AnsweredAsync(50);
        for (var round = 0; round < NodeSoak.Times(1, 5); round++)
        {
            var id = $"silent-{round}";
            Assert.True((await cluster[round % 3].Http.PostAsync("agents", $$"""{"agent_id":"{{id}}","ttl":5}""")).IsDone);
            var began = TimeProvider.System.GetTimestamp();
            for (var death = 0; death < NodeSoak.Times(1, 2); death++)
            {
                var judge = await cluster.JudgeAsync();
                await judge.KillAsync();
                await cluster.JudgeAsync();
                await judge.StartAsync();
            }

            var heard = await SuspectAsync(cluster[(round + 1) % 3], id);
            output.WriteLine($"suspect after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s, of a lease of 5 s: {heard}");
        }

        await load.StopAsync();
        await ClusterCheck.AfterAsync(cluster, load);
        output.WriteLine(load.ToString());
    }

    /// <summary>Without a death in between it is a matter of its lease alone, wherever it beat last.</summary>
    [Fact]
    public async Task SilentAgent_WhoeverHeardItLast_BecomesSuspectAndLost_AndIsAliveAgainWhenItBeatsElsewhere()
    {
        await using var cluster = await Cluster.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.True((await cluster[i].Http.PostAsync("agents", $$"""{"agent_id":"s{{i}}","ttl":5}""")).IsDone);
            Assert.True((await cluster[(i + 1) % 3].Http.PostAsync($"agents/s{i}/heartbeat", """{"incarnation":1}""")).IsDone);
        }

        for (var i = 0; i < 3; i++)
        {
            await SuspectAsync(cluster[(i + 2) % 3], $"s{i}");
        }

        Assert.True((await cluster[2].Http.PostAsync("agents/s0/heartbeat", """{"incarnation":1}""")).IsDone);
        await cluster[1].Http.AgentAsync("s0", agent => agent.Text("status") == "alive", "is alive again");
        foreach (var node in cluster.Nodes)
        {
            await node.Http.AgentAsync("s1", agent => agent.Text("status") == "lost", "is lost");
        }

        await cluster.DigestsAreEqualAsync();
    }

    private static async Task<JsonElement> SuspectAsync(Node node, string id)
    {
        using var stream = await EventStream.OpenAsync(node, $"events?after=0&subject={id}&kind=agent.suspect");
        var entry = await stream.NextAsync(s_bound);
        return entry?.Json ?? throw new Xunit.Sdk.XunitException($"the stream at {node.Id} ended before {id} was suspect");
    }
}
