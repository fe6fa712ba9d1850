using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>Nobody has to come back to the node that he was at before: what one has answered, every other knows.</summary>
[Collection(NodesCollection.Name)]
public sealed class NoAffinityTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Lanes = 6;

    private Cluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await Cluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Agent_RegisteredAtOneNode_BeatsIsSteeredAcknowledgesAndListensAtTheOthers()
    {
        var times = NodeSoak.Times(200, 10_000);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, times), new ParallelOptions { MaxDegreeOfParallelism = Lanes },
            async (n, _) => await LiveAsync(n, new Random(NodeSoak.Seed + n)));
        output.WriteLine($"{times} times, seed {NodeSoak.Seed}");
        await ClusterCheck.LogsAsync(_cluster);
        await _cluster.DigestsAreEqualAsync();
    }

    /// <summary>One agent's life. No call is repeated: each must be done the first time.</summary>
    private async Task LiveAsync(int n, Random random)
    {
        var order = Enumerable.Range(0, 6).Select(_ => _cluster[random.Next(3)]).ToArray();
        var (home, away, third) = (_cluster[n % 3], _cluster[(n + 1 + random.Next(2)) % 3], order[0]);
        var id = $"life-{n}";
        await DoneAsync(home, HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}","ttl":60}""");
        await DoneAsync(away, HttpMethod.Post, $"agents/{id}/heartbeat", """{"incarnation":1,"activity":"working"}""");
        using var stream = await EventStream.OpenAsync(order[1], $"agents/{id}/directives?incarnation=1");
        var told = await DoneAsync(third, HttpMethod.Post, "steer", $$"""{"agent_id":"{{id}}","direction":"d{{n}}"}""");
        var heard = await stream.NextAsync() ?? throw new Xunit.Sdk.XunitException($"{id}: the stream at {order[1].Id} ended");
        Assert.Equal(("steer", 1L, $"d{n}"), (heard.Text("verb"), heard.Id, heard.Text("direction")));
        var ack = await DoneAsync(
            order[2], HttpMethod.Post, $"agents/{id}/directives/1/ack", """{"state":"acknowledged","incarnation":1}""");
        Assert.Equal("acknowledged", ack.Text("state"));

        // Somewhere else, on from there: no resync. And there is nothing more.
        using var resumed = await EventStream.OpenAsync(order[3], $"agents/{id}/directives?incarnation=1", after: 1);
        await DoneAsync(order[4], HttpMethod.Get, $"directives/{told.Text("directive_id")}", null);
        await DoneAsync(order[5], HttpMethod.Post, $"agents/{id}/exit", """{"incarnation":1,"exit_code":0}""");
        var rest = await resumed.RestAsync();
        Assert.True(rest.TrueForAll(next => next.Kind == "end"), $"{id}: {string.Join(" | ", rest)}");
    }

    private static async Task<Answer> DoneAsync(Node node, HttpMethod method, string path, string? body)
    {
        var answer = await node.Http.SendAsync(method, path, body);
        Assert.True(answer.IsDone, $"{node.Id}: {method} {path} {body} -> {answer}");
        return answer;
    }
}
