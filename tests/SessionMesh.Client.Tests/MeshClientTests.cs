using System.Text.Json;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Steering;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Client.Tests;

public sealed class MeshClientTests
{
    private const string DirectiveJson = """
        {"directive_id":"d1","agent_id":"123","seq":4,"verb":"steer","direction":"west","message":null,"data":{"a":[1]},"state":"queued",
         "issued_by":"k1","issued_at":"2026-01-02T03:04:05Z","expires_at":"2026-01-02T04:04:05Z","new_member":true}
        """;

    [Fact]
    public async Task Steer_SendsTheShortestBodyAndTheHeaders()
    {
        using var mesh = new Mesh(Json(200, DirectiveJson));

        var directive = await mesh.Client.SteerAsync(new SteerRequest { AgentId = "123", Direction = "west" });

        var request = Assert.Single(mesh.Server.Requests);
        Assert.Equal("POST http://mesh.test:7420/api/session-mesh/steer", $"{request.Method} {request.Url}");
        Assert.Equal("""{"agent_id":"123","direction":"west"}""", request.Body);
        Assert.Equal("Bearer smk_abcdefghijkl_secret_check1", request.Headers["Authorization"]);
        Assert.StartsWith("session-mesh/", request.Headers["User-Agent"], StringComparison.Ordinal);
        Assert.Equal((4, "west", "queued"), (directive.Seq, directive.Direction, directive.State));
    }

    [Fact]
    public async Task SendAsync_KeepsMembersThatThisLibraryDoesNotKnow()
    {
        using var mesh = new Mesh(Json(200, DirectiveJson));

        var answer = await mesh.Client.SendAsync(MeshCall.Directive("d1"));

        Assert.True(answer.GetProperty("new_member").GetBoolean());
    }

    [Fact]
    public async Task Answer_MayNestDeeperThanARequest()
    {
        var data = string.Concat(Enumerable.Repeat("[", 20)) + string.Concat(Enumerable.Repeat("]", 20));
        using var mesh = new Mesh(Json(200, $$"""{"directives":[{{DirectiveJson.Replace("""{"a":[1]}""", data)}}]}"""));

        var list = await mesh.Client.DirectivesAsync("123");

        Assert.Equal(data, list.Directives[0].Data!.Value.GetRawText());
    }

    public static TheoryData<string, string, MeshCall> Calls() => new()
    {
        { "GET /livez", "", MeshCall.Livez() },
        { "GET /api/session-mesh/alive", "", MeshCall.Alive(new()) },
        {
            "GET /api/session-mesh/agents?filter=alive&kind=all&specialization=a%2Fb%20c"
            + "&cluster=x&limit=5&cursor=c%3D&fields=agent_id%2Cload",
            "",
            MeshCall.Agents(new AgentQuery
            {
                Filter = "alive", Kind = "all", Specialization = "a/b c", Cluster = "x",
                Limit = 5, Cursor = "c=", Fields = ["agent_id", "load"],
            })
        },
        { "GET /api/session-mesh/agents/a.1", "", MeshCall.Agent("a.1") },
        { "GET /api/session-mesh/nodes", "", MeshCall.Nodes() },
        { "GET /api/session-mesh/admin/digest", "", MeshCall.Digest() },
        { "GET /api/session-mesh/admin/digest?revision=7", "", MeshCall.Digest(7) },
        { "GET /api/session-mesh/audit", "", MeshCall.Audit(new()) },
        {
            "GET /api/session-mesh/audit?actor=mesh&operation=agent.&subject=a1&outcome=done"
            + "&since=2026-01-02T03%3A04%3A05.000Z&until=2026-01-03T00%3A00%3A00.000Z&limit=5&cursor=7-8",
            "",
            MeshCall.Audit(new AuditQuery
            {
                Actor = "mesh", Operation = "agent.", Subject = "a1", Outcome = "done", Limit = 5, Cursor = "7-8",
                Since = new DateTimeOffset(2026, 1, 2, 4, 4, 5, TimeSpan.FromHours(1)),
                Until = new DateTimeOffset(2026, 1, 3, 0, 0, 0, TimeSpan.Zero),
            })
        },
        {
            "POST /api/session-mesh/agents", """{"agent_id":"a1","declare":true}""",
            MeshCall.RegisterAgent(new() { AgentId = "a1", Declare = true })
        },
        {
            "POST /api/session-mesh/registry", """{"specialization":"s","agent_id":"a1"}""",
            MeshCall.RegisterSpecialization(new() { Specialization = "s", AgentId = "a1" })
        },
        { "GET /api/session-mesh/registry?specialization=a%2Fb", "", MeshCall.GetRegistry("a/b") },
        { "DELETE /api/session-mesh/registry?specialization=s&agent_id=a1", "", MeshCall.RemoveSpecialization("a1", "s") },
        { "POST /api/session-mesh/agents/a1/heartbeat", "{}", MeshCall.Heartbeat("a1") },
        {
            "POST /api/session-mesh/heartbeats", """{"agents":["a1",{"agent_id":"a2","load":0.5}]}""",
            MeshCall.Heartbeats([new("a1"), new("a2", new HeartbeatRequest { Load = 0.5 })])
        },
        { "GET /api/session-mesh/directives/d1", "", MeshCall.Directive("d1") },
        { "GET /api/session-mesh/agents/a1/directives?after=3&wait=20", "", MeshCall.Directives("a1", 3, 20) },
        {
            "GET /api/session-mesh/agents/a1/directives?verbs=steer%2Cstop", "",
            MeshCall.Directives("a1", verbs: [DirectiveVerb.Steer, DirectiveVerb.Stop])
        },
        {
            "POST /api/session-mesh/agents/a1/directives/3/ack", """{"state":"acknowledged"}""",
            MeshCall.Ack("a1", 3, new() { State = "acknowledged" })
        },
        {
            "POST /api/session-mesh/agents/a1/exit", """{"incarnation":2,"exit_code":0}""",
            MeshCall.Exit("a1", new() { Incarnation = 2, ExitCode = 0 })
        },
        { "DELETE /api/session-mesh/agents/a1", "", MeshCall.Kill("a1") },
        {
            "DELETE /api/session-mesh/agents/a1?grace=5&cascade=none&wait=9&reason=old%20%26%20slow", "",
            MeshCall.Kill("a1", new() { Grace = 5, Cascade = "none", WaitSeconds = 9, Reason = "old & slow" })
        },
        { "DELETE /api/session-mesh/agents/a1?force=true", "", MeshCall.Kill("a1", new() { Force = true }) },
        {
            "DELETE /api/session-mesh/agents?grace=5&reason=old&specialization=a%2Fb"
            + "&label=zone%3Deu%2Ctier%3D1&cluster=x&subtree=p&agent_ids=a1%2Ca2&expect=2",
            "",
            MeshCall.KillMany(
                new AgentSelector
                {
                    Specialization = "a/b",
                    Label = new Dictionary<string, string> { ["zone"] = "eu", ["tier"] = "1" },
                    Cluster = "x",
                    Subtree = "p",
                    AgentIds = ["a1", "a2"],
                },
                new KillOptions { Grace = 5, Reason = "old", WaitSeconds = 9 },
                expect: 2)
        },
        {
            "DELETE /api/session-mesh/agents?cluster=x&dry_run=true", "",
            MeshCall.KillMany(new AgentSelector { Cluster = "x" }, dryRun: true)
        },
        {
            "POST /api/session-mesh/steer", """{"selector":{"label":{"zone":"eu,us"}},"expect":3,"direction":"west"}""",
            MeshCall.Steer(
                new()
                {
                    Selector = new() { Label = new Dictionary<string, string> { ["zone"] = "eu,us" } },
                    Expect = 3,
                    Direction = "west",
                })
        },
        { "POST /api/session-mesh/agents/a1/revive", "", MeshCall.Revive("a1") },
        { "GET /api/session-mesh/agents/a1/directives/history?limit=5&cursor=17", "", MeshCall.History("a1", 5, "17") },
        { "DELETE /api/session-mesh/directives/d-4", "", MeshCall.CancelDirective("d-4") },
        {
            "POST /api/session-mesh/keys", """{"session_key":"abc","ttl":60}""",
            MeshCall.CreateKey(new CreateKeyRequest { SessionKey = "abc", Ttl = 60 })
        },
        { "DELETE /api/session-mesh/keys/k1", "", MeshCall.RevokeKey("k1") },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void Call_IsWhatTheContractSays(string line, string body, MeshCall call)
    {
        Assert.Equal(line, call.ToString());
        Assert.Equal(body, System.Text.Encoding.UTF8.GetString(call.Body.Span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("é")]
    public void Call_WithAnIdThatIsNone_IsRefusedBeforeItBecomesAPath(string id) =>
        Assert.Throws<ArgumentException>(() => MeshCall.Agent(id));

    [Fact]
    public void KillMany_WithALabelThatAQueryWouldCutInTwo_IsRefused() =>
        Assert.Throws<ArgumentException>(
            () => MeshCall.KillMany(new AgentSelector { Label = new Dictionary<string, string> { ["zone"] = "eu,us" } }));

    [Fact]
    public async Task SteerMany_TellsDirectivesFromRefusals()
    {
        using var mesh = new Mesh(
            Json(
                200,
                """
                {"matched":2,"results":[{"agent_id":"123","directive_id":"d-7","seq":3,"state":"queued"},
                                        {"agent_id":"124","code":"inbox_full","detail":"wait"}]}
                """));

        var answer = await mesh.Client.SteerManyAsync(
            new SteerRequest { Selector = new() { Cluster = "x" }, Expect = 2, Direction = "west" });

        Assert.Equal(2, answer.Matched);
        Assert.Equal(
            [("123", "d-7", 3L, "queued", null, null), ("124", null, (long?)null, null, "inbox_full", "wait")],
            answer.Results.Select(r => (r.AgentId, r.DirectiveId, r.Seq, r.State, r.Code, r.Detail)));
    }

    [Fact]
    public async Task Steers_TellsDirectivesFromRefusals()
    {
        using var mesh = new Mesh(
            Json(
                200,
                """{"results":[{"agent_id":"a","directive_id":"d-7","seq":3,"state":"queued"},"""
                + """{"agent_id":"b","code":"not_alive","detail":"gone"}]}"""));

        var answer = await mesh.Client.SteersAsync(
            new SteersRequest { Steers = [new() { AgentId = "a", Direction = "west" }, new() { AgentId = "b", Verb = "pause" }] });

        Assert.Equal([("d-7", null), (null, "not_alive")], answer.Results.Select(r => (r.DirectiveId, r.Code)));
        Assert.Equal("""{"steers":[{"agent_id":"a","direction":"west"},{"agent_id":"b","verb":"pause"}]}""", mesh.Server.Requests[0].Body);
    }

    [Fact]
    public async Task CallWithItsOwnIdempotencyKey_CarriesItEachTimeItIsSent()
    {
        using var mesh = new Mesh(Json(503, "{}"), Json(200, DirectiveJson));
        var call = MeshCall.Kill("a1") with { IdempotencyKey = MeshCall.NewIdempotencyKey() };

        await mesh.Client.SendAsync(call);
        await mesh.Client.SendAsync(call);
        await mesh.Client.SendAsync(MeshCall.Kill("a1"));

        var keys = mesh.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).ToList();
        Assert.All(keys[..3], key => Assert.Equal(call.IdempotencyKey, key));
        Assert.NotEqual(call.IdempotencyKey, keys[3]);
    }

    [Fact]
    public async Task BaseUrl_MayHaveAPath()
    {
        using var server = new ScriptedServer(Json(200, "{}"));
        using var client = new MeshClient(new MeshClientOptions { BaseUrl = new Uri("https://example.test/mesh/") }, server);

        await client.LivezAsync();

        Assert.Equal("https://example.test/mesh/livez", server.Requests[0].Url);
        Assert.False(server.Requests[0].Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task Answer_ThatIsNotJson_IsNotAMesh()
    {
        using var mesh = new Mesh(Json(200, "<html>hello</html>"));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AgentAsync("a1"));

        Assert.Equal(MeshFailure.NotAMesh, error.Failure);
        Assert.IsType<JsonException>(error.InnerException, exactMatch: false);
    }

    [Fact]
    public async Task Problem_IsHandedOnWhole()
    {
        using var mesh = new Mesh(Problem(404, "agent_not_found", "agent a1 is not known"));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AgentAsync("a1"));

        Assert.Equal(
            (MeshFailure.Refused, 404, "agent_not_found", "agent a1 is not known", "r1", 1),
            (error.Failure, error.Status, error.Code, error.Message, error.Problem!.RequestId, error.Attempts));
    }

    [Fact]
    public async Task Error_WithoutAProblemDocument_IsMadeUpFromItsStatus()
    {
        using var mesh = new Mesh(Json(403, "<html>proxy</html>"));

        var error = await Assert.ThrowsAsync<MeshException>(() => mesh.Client.AgentAsync("a1"));

        Assert.Equal((MeshFailure.Refused, 403, "http_403"), (error.Failure, error.Status, error.Code));
    }
}
