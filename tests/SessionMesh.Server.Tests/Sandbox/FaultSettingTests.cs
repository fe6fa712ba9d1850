using System.Text;
using SessionMesh.Contracts.Keys;
using SessionMesh.Server.Tests.Http.Fuzzing;
using SessionMesh.Server.Tests.OpenApi;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Sandbox;

/// <summary>Faults as they are set, listed and cleared, and what is refused.</summary>
public sealed class FaultSettingTests(SandboxServer server) : IClassFixture<SandboxServer>
{
    private readonly MeshHost _mesh = server.Mesh;

    [Theory]
    [InlineData(
        """{"endpoint":"POST /steer","status":503,"count":2,"seed":1}""",
        """{"fault_id":"*","endpoint":"POST /steer","status":503,"count":2,"probability":1,"seed":1,"seen":0,"struck":0}""")]
    [InlineData(
        """{"endpoint":"/api/session-mesh/agents/{agent}/","delay":0.5,"probability":0.25,"seed":2147483647}""",
        """
        {"fault_id":"*","endpoint":"/agents/{id}","delay":0.5,"count":null,"probability":0.25,"seed":2147483647,"seen":0,"struck":0}
        """)]
    [InlineData(
        """{"endpoint":"*","cut":"after","delay":300,"seed":0}""",
        """{"fault_id":"*","endpoint":"*","cut":"after","delay":300,"count":null,"probability":1,"seed":0,"seen":0,"struck":0}""")]
    [InlineData(
        """{"endpoint":"get /EVENTS","drop_after":0,"malformed":false,"seed":3}""",
        """{"fault_id":"*","endpoint":"GET /events","drop_after":0,"count":null,"probability":1,"seed":3,"seen":0,"struck":0}""")]
    [InlineData(
        """{"endpoint":"GET /registry","status":599,"count":1000000,"seed":3}""",
        """{"fault_id":"*","endpoint":"GET /registry","status":599,"count":1000000,"probability":1,"seed":3,"seen":0,"struck":0}""")]
    [InlineData(
        """{"endpoint":"GET /audit","drop_after":1000000,"seed":3}""",
        """{"fault_id":"*","endpoint":"GET /audit","drop_after":1000000,"count":null,"probability":1,"seed":3,"seen":0,"struck":0}""")]
    [InlineData(
        """{"endpoint":"/metrics","malformed":true,"seed":3}""",
        """{"fault_id":"*","endpoint":"/metrics","malformed":true,"count":null,"probability":1,"seed":3,"seen":0,"struck":0}""")]
    public async Task Fault_IsKeptAsItWasMeant_AndListed(string body, string kept)
    {
        await ClearAsync();
        (await _mesh.PostAsync("sandbox/faults", body)).ShouldBe(201, kept);
        (await _mesh.GetAsync("sandbox/faults")).ShouldBe(200, $$"""{"faults":[{{kept}}]}""");
        (await _mesh.DeleteAsync("sandbox/faults")).ShouldBe(200, """{"cleared":1}""");
        (await _mesh.GetAsync("sandbox/faults")).ShouldBe(200, """{"faults":[]}""");
        (await _mesh.DeleteAsync("sandbox/faults")).ShouldBe(200, """{"cleared":0}""");
    }

    [Fact]
    public async Task Seed_ThatIsNotGiven_IsDrawn_AndReported()
    {
        await ClearAsync();
        var seeds = new HashSet<int>();
        for (var i = 0; i < 3; i++)
        {
            seeds.Add((await _mesh.PostAsync("sandbox/faults", """{"endpoint":"*","status":500}""")).Json["seed"]!.GetValue<int>());
        }

        Assert.True(seeds.Count > 1);
    }

    [Theory]
    [InlineData("""{"status":500}""", "endpoint: is missing; say a method and a path, such as POST /steer, or * for all.")]
    [InlineData("""{"endpoint":"POST /steeer","status":500}""",
        "endpoint: names nothing that can fail; the nearest is POST /steer. Say a method and a path of the API, or * for all.")]
    [InlineData("""{"endpoint":"/agents/a1/heartbeat","status":500}""",
        "endpoint: names nothing that can fail; the nearest is /agents/{id}/heartbeat. Say a method and a path of the API, or * for all.")]
    [InlineData("""{"endpoint":"PUT /steer","status":500}""",
        "endpoint: names nothing that can fail; the nearest is POST /steer. Say a method and a path of the API, or * for all.")]
    [InlineData("""{"endpoint":"/livez","status":500}""", "endpoint: names nothing that can fail; the nearest is /alive.")]
    [InlineData("""{"endpoint":"POST /sandbox/advance","status":500}""", "endpoint: names nothing that can fail; the nearest is")]
    [InlineData("""{"endpoint":"POST  /steer x","status":500}""", "endpoint: names nothing that can fail; the nearest is")]
    [InlineData("""{"endpoint":"","status":500}""", "endpoint: names nothing that can fail; the nearest is")]
    [InlineData("""{"endpoint":7,"status":500}""", "endpoint: expected a string, not a number.")]
    [InlineData("""{"endpoint":"*"}""", "status: is missing, and so is every other effect: say one of them.")]
    [InlineData("""{"endpoint":"*","malformed":false,"count":1}""", "status: is missing, and so is every other effect")]
    [InlineData("""{"endpoint":"*","status":399}""", "status: is a whole number from 400 to 599.")]
    [InlineData("""{"endpoint":"*","status":600}""", "status: is a whole number from 400 to 599.")]
    [InlineData("""{"endpoint":"*","status":500.5}""", "status: expected a whole number, not a number.")]
    [InlineData("""{"endpoint":"*","delay":0}""", "delay: is a number above 0 and up to 300.")]
    [InlineData("""{"endpoint":"*","delay":300.1}""", "delay: is a number above 0 and up to 300.")]
    [InlineData("""{"endpoint":"*","cut":"during"}""", "cut: is one of: before, after.")]
    [InlineData("""{"endpoint":"*","cut":true}""", "cut: expected a string, not a boolean.")]
    [InlineData("""{"endpoint":"*","drop_after":-1}""", "drop_after: is a whole number from 0 to 1000000.")]
    [InlineData("""{"endpoint":"POST /steer","drop_after":1}""",
        "drop_after: is for streams, and POST /steer has none; those that do: GET /agents/{id}/directives, "
        + "POST /agents/{id}/a2a/message:stream, POST /agents/{id}/a2a/tasks/{task}:subscribe, "
        + "GET /agents/{id}/a2a/tasks/{task}:subscribe, GET /events, GET /audit.")]
    [InlineData("""{"endpoint":"*","malformed":1}""", "malformed: expected true or false, not a number.")]
    [InlineData("""{"endpoint":"*","status":500,"cut":"before"}""", "cut: cannot be combined with status; set two faults.")]
    [InlineData("""{"endpoint":"*","cut":"before","drop_after":1}""", "drop_after: cannot be combined with cut; set two faults.")]
    [InlineData("""{"endpoint":"*","drop_after":1,"malformed":true}""", "malformed: cannot be combined with drop_after; set two faults.")]
    [InlineData("""{"endpoint":"*","status":500,"count":0}""", "count: is a whole number from 1 to 1000000.")]
    [InlineData("""{"endpoint":"*","status":500,"count":1000001}""", "count: is a whole number from 1 to 1000000.")]
    [InlineData("""{"endpoint":"*","status":500,"probability":0}""", "probability: is a number above 0 and up to 1.")]
    [InlineData("""{"endpoint":"*","status":500,"probability":1.01}""", "probability: is a number above 0 and up to 1.")]
    [InlineData("""{"endpoint":"*","status":500,"seed":-1}""", "seed: is a whole number from 0 to 2147483647.")]
    [InlineData("""{"endpoint":"*","status":500,"seed":2147483648}""", "seed: expected a whole number, not a number.")]
    [InlineData("""{"endpoint":"*","status":500,"fault_id":"f-1"}""", "fault_id: is not a member here.")]
    [InlineData("""{"endpoint":"*","status":500,"status":500}""", "status: is given twice.")]
    [InlineData("""{"endpoint":"no","status":1,"count":0}""", "names nothing that can fail; the nearest is")]
    [InlineData("[]", "The body is an array. Send a JSON object with: endpoint, status, delay, cut, drop_after, malformed, count, ")]
    public async Task Fault_ThatIsNotUnderstood_IsRefused_AndNothingIsSet(string body, string says)
    {
        await ClearAsync();
        var revision = _mesh.Revision;
        var reply = await _mesh.PostAsync("sandbox/faults", body);
        Assert.Equal(400, reply.Status);
        Assert.Contains(says, reply.Detail, StringComparison.Ordinal);
        Assert.Equal(revision, _mesh.Revision);
        (await _mesh.GetAsync("sandbox/faults")).ShouldBe(200, """{"faults":[]}""");
    }

    /// <summary>What is taken is set, what is not says why, and neither is a failure of the server.</summary>
    [Fact]
    public async Task AnyBody_IsTakenOrRefused()
    {
        const string Body = """
            {"endpoint":"POST /steer","status":503,"delay":0.5,"drop_after":2,"malformed":false,"cut":"after","count":2,"probability":0.5,
             "seed":7}
            """;
        await ClearAsync();
        var seed = Random.Shared.Next();
        var mutator = new Mutator(new Random(seed));
        for (var i = 0; i < 500; i++)
        {
            var bytes = mutator.Mutate(i % 2 == 0 ? Body : """{"endpoint":"GET /agents/{id}","status":503,"count":2}""");
            using var request = _mesh.Request(HttpMethod.Post, "sandbox/faults");
            request.Content = new ByteArrayContent(bytes);
            var reply = await _mesh.SendAsync(request);
            Assert.True(
                reply.Status is 201 or 409 || (reply.Status is 400 or 413 && reply.Detail.Length > 0),
                $"{i} of seed {seed}: {reply.Status} {reply.Text} to {Encoding.Latin1.GetString(bytes)}");
        }
    }

    [Fact]
    public async Task Endpoint_ThatIsLong_IsRefusedWithoutASearch()
    {
        var reply = await _mesh.PostAsync("sandbox/faults", $$"""{"endpoint":"/{{new string('a', 60_000)}}","status":500}""");
        Assert.Equal(
            (400, "endpoint: names nothing that can fail. Say a method and a path of the API, or * for all."),
            (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Faults_AreAHundred_AndThenTheRefusalSaysHowToGoOn()
    {
        await ClearAsync();
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(201, (await _mesh.PostAsync("sandbox/faults", """{"endpoint":"/alive","status":500}""")).Status);
        }

        var reply = await _mesh.PostAsync("sandbox/faults", """{"endpoint":"/alive","status":500}""");
        reply.ShouldBeProblem(409, "too_many_faults");
        Assert.Contains("DELETE /api/session-mesh/sandbox/faults", reply.Detail, StringComparison.Ordinal);
        (await _mesh.DeleteAsync("sandbox/faults")).ShouldBe(200, """{"cleared":100}""");
    }

    [Fact]
    public async Task Fault_ThatIsSentAgainUnderItsIdempotencyKey_IsSetOnce()
    {
        await ClearAsync();
        var first = await _mesh.PostAsync("sandbox/faults", """{"endpoint":"/alive","status":500}""", idempotencyKey: "k1");
        var again = await _mesh.PostAsync("sandbox/faults", """{"endpoint":"/alive","status":500}""", idempotencyKey: "k1");
        Assert.Equal(first.Text, again.Text);
        Assert.Single((await _mesh.GetAsync("sandbox/faults")).Json["faults"]!.AsArray());
    }

    [Theory]
    [InlineData("POST", "sandbox/faults", """{"endpoint":"/alive","status":500}""")]
    [InlineData("GET", "sandbox/faults", null)]
    [InlineData("DELETE", "sandbox/faults", null)]
    [InlineData("POST", "sandbox/advance", """{"seconds":1}""")]
    public async Task Call_NeedsAKeyWithAdmin(string method, string path, string? body)
    {
        (await _mesh.SendAsync(new HttpMethod(method), path, body, key: "")).ShouldBeProblem(401, "unauthenticated");
        foreach (var (scope, key) in server.OfScope)
        {
            (await _mesh.SendAsync(new HttpMethod(method), path, body, key)).ShouldBeProblem(403, "missing_scope");
            Assert.NotEqual(Scopes.Admin, scope);
        }
    }

    [Fact]
    public async Task Document_HasTheCalls_AndTheirExamplesWork()
    {
        await ClearAsync();
        var operations = (await ApiDocument.ReadAsync(_mesh)).Where(o => o.Path.Contains("/sandbox/", StringComparison.Ordinal)).ToList();
        Assert.Equal(["advance", "clearFaults", "listFaults", "setFault"], operations.Select(o => o.Id).Order());
        Assert.Equal(
            """["before","after",null]""",
            operations.Single(o => o.Id == "setFault").Body!["schema"]!["properties"]!["cut"]!["enum"]!.ToJsonString());
        foreach (var operation in operations)
        {
            var reply = await _mesh.SendAsync(operation.Method, "~" + operation.Path, operation.Body?["example"]!.ToJsonString());
            Assert.True(reply.Status is 200 or 201, reply.Text);
            Assert.Contains(reply.Status.ToString(), operation.Statuses);
        }
    }

    private Task<Reply> ClearAsync() => _mesh.DeleteAsync("sandbox/faults");
}

public sealed class SandboxServer : IAsyncLifetime
{
    internal MeshHost Mesh { get; private set; } = null!;

    /// <summary>A key with each scope alone, but for the one that opens the sandbox.</summary>
    internal Dictionary<string, string> OfScope { get; } = [];

    public async Task InitializeAsync()
    {
        Mesh = await MeshHost.StartAsync(options: "--sandbox");
        foreach (var scope in Scopes.All.Except([Scopes.AgentSelf, Scopes.Admin]))
        {
            OfScope[scope] = await Mesh.MintAsync($$"""{"scopes":["{{scope}}"],"ttl":86400}""");
        }
    }

    public async Task DisposeAsync() => await Mesh.DisposeAsync();
}
