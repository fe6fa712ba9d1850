using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>One mesh: what is done at one node is done at all of them.</summary>
[Collection(NodesCollection.Name)]
public sealed class AcrossNodesTests(ClusterFixture fixture, ITestOutputHelper output) : IClassFixture<ClusterFixture>
{
    private readonly Cluster _mesh = fixture.Cluster;

    /// <summary>Which node is which: each way round.</summary>
    public static TheoryData<int, int, int> Orders => new()
    {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Steer_AtOneNode_ReachesTheStreamAtAnother_AndItsWaitEndsWithAnAckAtAThird(int a, int b, int c)
    {
        var id = $"steered-{a}{b}{c}";
        await RegisterAsync(_mesh[c], id);
        using var stream = await EventStream.OpenAsync(_mesh[b], $"agents/{id}/directives");
        var waiting = _mesh[a].Http.PostAsync("steer", $$"""{"agent_id":"{{id}}","direction":"east","wait":"acknowledged"}""");
        var heard = await stream.NextAsync(next => next.Text("verb") == "steer");
        var alsoWaiting = _mesh[b].Http.GetAsync($"directives/{heard.Text("directive_id")}?wait=acknowledged");
        var ack = await _mesh[c].Http.PostAsync($"agents/{id}/directives/{heard.Id}/ack", """{"state":"acknowledged","note":"done"}""");
        Assert.True(ack.IsDone, ack.ToString());

        foreach (var answer in await Task.WhenAll(waiting, alsoWaiting))
        {
            Assert.Equal((200, "acknowledged", "done"), (answer.Status, answer.Text("state"), answer.Text("note")));
        }
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Kill_AtOneNode_IsHeardAtAnother_AndItsWaitEndsWithTheExitAtAThird(int a, int b, int c)
    {
        var id = $"killed-{a}{b}{c}";
        await RegisterAsync(_mesh[b], id);
        using var stream = await EventStream.OpenAsync(_mesh[b], $"agents/{id}/directives");
        var killing = _mesh[a].Http.DeleteAsync($"agents/{id}?grace=60&wait=30");
        await stream.NextAsync(next => next.Text("verb") == "stop");
        Assert.True((await _mesh[c].Http.PostAsync($"agents/{id}/exit", """{"incarnation":1,"exit_code":3}""")).IsDone);

        var killed = await killing;
        Assert.Equal((200, "dead", true), (killed.Status, killed.Text("status"), killed.Json.GetProperty("confirmed").GetBoolean()));
        Assert.Equal("end", (await stream.RestAsync())[^1].Kind);
        foreach (var node in _mesh.Nodes)
        {
            await IsAsync(node, $"agents/{id}", answer => answer.Text("status") == "dead");
            Assert.Equal(409, (await node.Http.PostAsync($"agents/{id}/heartbeat", """{"incarnation":1}""")).Status);
        }

        Assert.Equal(2, (await RegisterAsync(_mesh[c], id)).Number("incarnation"));
    }

    [Fact]
    public async Task Force_AtOneNode_EndsStreamsAndKeysOfTheAgentAtTheOthers()
    {
        await RegisterAsync(_mesh[0], "forced");
        var token = (await _mesh[1].Http.PostAsync("keys", """{"agent_id":"forced"}""")).Text("token")!;
        var streams = await Task.WhenAll(_mesh.Nodes.Select(node => EventStream.OpenAsync(node, "agents/forced/directives", token)));
        Assert.True((await _mesh[2].Http.DeleteAsync("agents/forced?force=true")).IsDone);

        foreach (var stream in streams)
        {
            using (stream)
            {
                Assert.Equal("end", (await stream.RestAsync())[^1].Kind);
            }
        }

        await IsRefusedEverywhereAsync(token);
        var back = await _mesh[0].Http.PostAsync("agents", """{"agent_id":"forced"}""");
        Assert.Equal((409, "tombstoned"), (back.Status, back.Text("code")));
    }

    [Fact]
    public async Task Key_OfOneNode_OpensTheOthersAtOnce_AndRevoked_EndsItsStreamsAtAll()
    {
        for (var round = 0; round < NodeSoak.Times(10, 200); round++)
        {
            var (home, other) = (_mesh[round % 3], _mesh[(round + 1) % 3]);
            var minted = await home.Http.PostAsync("keys", $$"""{"session_key":"streamer-{{round}}","scopes":["mesh:read"]}""");
            var streams = await Task.WhenAll(
                _mesh.Nodes.Select(node => EventStream.OpenAsync(node, "events", minted.Text("token"))));
            var began = TimeProvider.System.GetTimestamp();
            Assert.True((await other.Http.DeleteAsync($"keys/{minted.Text("key_id")}")).IsDone);

            // Read at the same time: each as soon as it is over.
            var ends = await Task.WhenAll(streams.Select(async stream =>
            {
                using (stream)
                {
                    var last = (await stream.RestAsync())[^1];
                    return (last, TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
                }
            }));
            Assert.All(ends, end => Assert.Equal(("end", "key_revoked"), (end.last.Kind, end.last.Text("code"))));
            output.WriteLine($"the streams ended after {string.Join(", ", ends.Select(end => $"{end.TotalMilliseconds:0}"))} ms");
            await IsRefusedEverywhereAsync(minted.Text("token")!);
        }
    }

    [Fact]
    public async Task Key_Rotated_WorksOnceTheAnswerIsThere_AtEveryNode()
    {
        for (var round = 0; round < NodeSoak.Times(20, 300); round++)
        {
            var minted = await _mesh[round % 3].Http.PostAsync("keys", """{"session_key":"rotated"}""");
            foreach (var node in _mesh.Nodes)
            {
                using var http = new MeshHttp(node.Url, minted.Text("token")!);
                var answer = await http.GetAsync("keys/self");
                Assert.True(answer.IsDone, $"round {round}, {node.Id}: {answer}");
            }
        }
    }

    [Fact]
    public async Task Claims_AtThreeNodesAtOnce_TakeEachSlotOnce_AndAWaitEndsWithAReleaseElsewhere()
    {
        Assert.Equal(201, (await _mesh[0].Http.PostAsync(
            "agents", """{"agent_id":"worker","specializations":[{"name":"claimed","capacity":4}]}""")).Status);
        var claims = await Task.WhenAll(Enumerable.Range(0, 12).Select(n =>
            _mesh[n % 3].Http.PostAsync("registry/claim", """{"specialization":"claimed","ttl":600}""")));
        Assert.Equal(4, claims.Count(claim => claim.Status == 201));
        Assert.Equal(4, claims.Where(claim => claim.Status == 201).Select(claim => claim.Text("claim_id")).Distinct().Count());
        Assert.All(
            claims.Where(claim => claim.Status != 201), claim => Assert.Equal((409, "no_capacity"), (claim.Status, claim.Text("code"))));

        var held = claims.First(claim => claim.Status == 201).Text("claim_id");
        var waiting = _mesh[1].Http.PostAsync("registry/claim", """{"specialization":"claimed","wait":30}""");
        Assert.True((await _mesh[2].Http.PostAsync($"registry/claims/{held}/renew", """{"ttl":300}""")).IsDone);
        Assert.True((await _mesh[0].Http.DeleteAsync($"registry/claims/{held}")).IsDone);
        Assert.Equal(201, (await waiting).Status);
    }

    [Fact]
    public async Task Session_MadeAtOneNode_IsReadChangedAndEndedAtTheOthers()
    {
        for (var round = 0; round < NodeSoak.Times(20, 500); round++)
        {
            var (a, b, c) = (_mesh[round % 3], _mesh[(round + 1) % 3], _mesh[(round + 2) % 3]);
            var made = await a.Http.PostAsync("sessions", """{"user":"u","meta":{"x":"1"}}""");
            var id = made.Text("id");
            var changed = await b.Http.PatchAsync($"sessions/{id}", """{"meta":{"x":"2"}}""");
            Assert.Equal((200, "2"), (changed.Status, changed.Json.GetProperty("meta").Text("x")));
            Assert.True((await c.Http.PostAsync($"sessions/{id}/refresh", """{"ttl":100}""")).IsDone);
            Assert.True((await a.Http.PostAsync($"sessions/{id}/expire")).IsDone);
            await IsAsync(b, $"sessions/{id}", answer => answer.Text("status") == "expired");
            Assert.True((await b.Http.DeleteAsync($"sessions/{id}")).IsDone);
            await IsAsync(c, $"sessions/{id}", answer => answer.Status == 404);
        }
    }

    [Fact]
    public async Task IfMatch_OfOneVersion_IsTakenOnce_WhicheverNodesAreAsked()
    {
        for (var round = 0; round < NodeSoak.Times(20, 500); round++)
        {
            var id = (await _mesh[0].Http.PostAsync("sessions", "{}")).Text("id");
            var tag = await TagAsync(_mesh[1], $"sessions/{id}");
            var answers = await Task.WhenAll(_mesh.Nodes.Select((node, i) =>
                node.Http.PatchAsync($"sessions/{id}", $$$"""{"meta":{"x":"{{{i}}}"}}""", ifMatch: tag)));
            Assert.Equal([200, 412, 412], answers.Select(answer => answer.Status).Order());
        }
    }

    [Fact]
    public async Task IdempotencyKey_AtThreeNodesAtOnce_HasOneEffect()
    {
        await RegisterAsync(_mesh[0], "once");
        var times = NodeSoak.Times(50, 1000);
        for (var n = 0; n < times; n++)
        {
            var body = $$"""{"agent_id":"once","direction":"d","message":"m{{n}}"}""";
            var answers = await Task.WhenAll(_mesh.Nodes.Select(node => node.Http.PostAsync("steer", body, $"once-{n}")));
            Assert.All(answers, answer => Assert.True(answer.IsDone, $"{n}: {answer}"));
            Assert.Single(answers.Select(answer => answer.Text("directive_id")).Distinct());
            Assert.Equal(n + 1, answers[0].Number("seq"));
            Assert.True((await _mesh[n % 3].Http.PostAsync(
                $"agents/once/directives/{n + 1}/ack", """{"state":"acknowledged"}""")).IsDone);
        }

        const string issued = "\"kind\":\"directive.issued\",\"subject\":\"once\"";
        foreach (var log in await ClusterCheck.LogsAsync(_mesh))
        {
            Assert.Equal(times, log.Count(entry => entry.Contains(issued, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Write_NamesItsRevision_WhichEveryNodeReadsAt()
    {
        var id = (await _mesh[0].Http.PostAsync("sessions", "{}")).Text("id");
        for (var round = 0; round < NodeSoak.Times(50, 1000); round++)
        {
            var changed = await _mesh[round % 3].Http.PatchAsync($"sessions/{id}", $$$"""{"meta":{"x":"{{{round}}}"}}""");
            var revision = Assert.NotNull(changed.Revision);
            foreach (var node in _mesh.Nodes)
            {
                var read = await node.Http.GetAsync($"sessions/{id}?min_revision={revision}");
                Assert.True(
                    read.IsDone && read.Json.GetProperty("meta").Text("x") == $"{round}",
                    $"round {round}, {node.Id}, revision {revision}: {read}");
            }
        }

        var ahead = await _mesh[0].Http.GetAsync("alive?min_revision=1000000000");
        Assert.Equal((503, "behind"), (ahead.Status, ahead.Text("code")));
    }

    [Fact]
    public async Task Events_OfEachNode_AreThoseOfTheMesh_AndResumeAtAnother()
    {
        var streams = await Task.WhenAll(_mesh.Nodes.Select(node => EventStream.OpenAsync(node, "events?subject=seen")));
        await RegisterAsync(_mesh[0], "seen");
        await _mesh[1].Http.PostAsync("steer", """{"agent_id":"seen","direction":"d"}""");
        var heard = await Task.WhenAll(streams.Select(async stream => (await stream.NextAsync(), await stream.NextAsync())));
        Assert.Single(heard.Distinct());
        var first = heard[0].Item1!;
        using var resumed = await EventStream.OpenAsync(_mesh[2], "events?subject=seen", after: first.Id);
        Assert.Equal(heard[0].Item2, await resumed.NextAsync());
        foreach (var stream in streams)
        {
            stream.Dispose();
        }

        foreach (var node in _mesh.Nodes)
        {
            await IsAsync(node, "audit?subject=seen&limit=10", audit =>
                audit.Json.GetProperty("entries").EnumerateArray().Any(entry => entry.Text("operation") == "agent.registered"));
        }
    }

    [Fact]
    public async Task Beat_AtOneNode_IsSeenAtTheOthers()
    {
        await RegisterAsync(_mesh[0], "beating");
        Assert.True((await _mesh[1].Http.PostAsync(
            "agents/beating/heartbeat", """{"activity":"working","load":0.25,"progress":0.5,"note":"n"}""")).IsDone);
        using var stream = await EventStream.OpenAsync(_mesh[2], "agents/beating/directives");
        var last = (await _mesh[1].Http.GetAsync("agents/beating")).Text("last_heartbeat_at");
        foreach (var node in _mesh.Nodes)
        {
            await IsAsync(node, "agents/beating", row =>
                (row.Text("activity"), row.Text("load"), row.Text("note"), row.Text("connected")) == ("working", "0.25", "n", "true"));
        }

        output.WriteLine($"last heartbeat as heard: {last}");
    }

    [Fact]
    public async Task Nodes_AreListedEverywhere_WithOneJudge()
    {
        await _mesh.JudgeAsync();
        foreach (var node in _mesh.Nodes)
        {
            Assert.Equal(["n1", "n2", "n3"], (await node.NodesAsync()).Select(row => row.Id).Order());
        }

        await _mesh.DigestsAreEqualAsync();
    }

    private static async Task<Answer> RegisterAsync(Node node, string id)
    {
        var answer = await node.Http.PostAsync("agents", $$"""{"agent_id":"{{id}}","ttl":3600}""");
        Assert.True(answer.IsDone, answer.ToString());
        return answer;
    }

    /// <summary>In a moment: a read is of what its node has heard.</summary>
    private static async Task IsAsync(Node node, string path, Func<Answer, bool> wanted)
    {
        Answer? last = null;
        await Eventually.True(async () => wanted(last = await node.Http.GetAsync(path)), () => $"{path} at {node.Id}: {last}");
    }

    private async Task IsRefusedEverywhereAsync(string token)
    {
        foreach (var node in _mesh.Nodes)
        {
            using var http = new MeshHttp(node.Url, token);
            Answer? last = null;
            await Eventually.True(
                async () => (last = await http.GetAsync("keys/self")).Status == 401, () => $"the key is over at {node.Id}: {last}");
        }
    }

    private static async Task<string> TagAsync(Node node, string path)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", node.Server.RootKey);
        using var answer = await http.GetAsync(new Uri($"{node.Url}/api/session-mesh/{path}"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return answer.Headers.ETag!.ToString();
    }
}
