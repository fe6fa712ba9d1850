using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http;

/// <summary>Every kind of bad input: a problem document that says what to do, and nothing changed. One server for all of them.</summary>
public sealed class BadInputTests(BadInputServer server) : IClassFixture<BadInputServer>, IAsyncLifetime
{
    private static readonly string s_long = new('x', 129);
    private readonly MeshHost _mesh = server.Mesh;

    public static TheoryData<string, string?, int, string, string> Bodies => new()
    {
        // Malformed, empty, or not an object.
        { "steer", "{", 400, "invalid_json", "" },
        { "steer", "{\"agent_id\":\"a\",}", 400, "invalid_json", "" },
        { "steer", "{'agent_id':'a'}", 400, "invalid_json", "" },
        { "steer", "{} {}", 400, "invalid_json", "" },
        { "steer", "agent_id=a&direction=north", 400, "invalid_json", "" },
        { "steer", "[]", 400, "invalid_json", "" },
        { "steer", "null", 400, "invalid_json", "" },
        { "steer", "\"a\"", 400, "invalid_json", "" },
        { "steer", "", 400, "invalid_json", "" },
        { "steer", null, 400, "invalid_json", "" },
        { "steer", "  ", 400, "invalid_json", "" },
        { "registry", "", 400, "invalid_json", "" },
        { "heartbeats", "", 400, "invalid_json", "" },
        { "agents/a/exit", "", 400, "invalid_json", "" },
        { "agents/a/directives/1/ack", "", 400, "invalid_json", "" },
        { "agents", "x", 400, "invalid_json", "" },
        { "keys", "x", 400, "invalid_json", "" },
        { "agents/a/heartbeat", "x", 400, "invalid_json", "" },

        // Unknown members, by name; each of them; and twice the same.
        { "steer", """{"agent_id":"a","direction":"north","speed":3,"a/b~c":1}""", 400, "invalid_request", "/speed /a~1b~0c" },
        { "steer", """{"agent_id":"a","agent_id":"b","direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"Agent_Id":"a","direction":"north"}""", 400, "invalid_request", "/Agent_Id" },
        { "agents", """{"id":"x"}""", 400, "invalid_request", "/id" },
        { "keys", """{"name":"x"}""", 400, "invalid_request", "/name" },
        { "agents/a/heartbeat", """{"status":"working"}""", 400, "invalid_request", "/status" },
        { "agents/a/heartbeat", """{"acks":[{"seq":1,"state":"acknowledged","x":1}]}""", 400, "invalid_request", "/acks/0/x" },
        { "heartbeats", """{"agents":[{"agent_id":"a","unknown":[]}]}""", 400, "invalid_request", "/agents/0" },

        // Missing members.
        { "steer", "{}", 400, "invalid_request", "/agent_id /direction" },
        { "registry", "{}", 400, "invalid_request", "/agent_id /specialization" },
        { "agents/a/exit", "{}", 400, "invalid_request", "/incarnation" },
        { "agents/a/directives/1/ack", "{}", 400, "invalid_request", "/state" },
        { "heartbeats", "{}", 400, "invalid_request", "/agents" },
        { "agents/a/heartbeat", """{"acks":[{}]}""", 400, "invalid_request", "/acks/0/seq /acks/0/state" },
        { "agents/a/heartbeat", """{"acks":[null]}""", 400, "invalid_request", "/acks/0/seq /acks/0/state" },

        // Wrong types and values.
        { "steer", """{"agent_id":{},"direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":true,"direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":"a","direction":["north"]}""", 400, "invalid_request", "/direction" },
        { "steer", """{"agent_id":"a","direction":"north","ttl":"60"}""", 400, "invalid_request", "/ttl" },
        { "steer", """{"agent_id":"a","direction":"north","ttl":1.5}""", 400, "invalid_request", "/ttl" },
        { "steer", """{"agent_id":"a","direction":"north","ttl":2147483648}""", 400, "invalid_request", "/ttl" },
        { "steer", """{"agent_id":"a","direction":"north","hold":"yes"}""", 400, "invalid_request", "/hold" },
        { "steer", """{"agent_id":"a","direction":"north","message":1}""", 400, "invalid_request", "/message" },
        { "steer", """{"agent_id":"a","verb":"stop"}""", 400, "invalid_request", "/verb" },
        { "steer", """{"agent_id":"a","verb":"Steer","direction":"x"}""", 400, "invalid_request", "/verb" },
        { "steer", """{"agent_id":"a","direction":"north","wait":"queued"}""", 400, "invalid_request", "/wait" },
        { "steer", """{"agent_id":"a","direction":""}""", 400, "invalid_request", "/direction" },
        { "steer", """{"agent_id":"a","direction":"a\nb"}""", 400, "invalid_request", "/direction" },
        { "steer", """{"agent_id":"a","direction":"north","data":{"x":1,"x":2}}""", 400, "invalid_request", "/data" },
        { "agents", """{"agent_id":"x","specializations":"s"}""", 400, "invalid_request", "/specializations" },
        { "agents", """{"agent_id":"x","specializations":[1]}""", 400, "invalid_request", "/specializations/0" },
        { "agents", """{"agent_id":"x","specializations":[null,""]}""", 400, "invalid_request", "/specializations/0 /specializations/1" },
        { "agents", """{"agent_id":"x","labels":[]}""", 400, "invalid_request", "/labels" },
        { "agents", """{"agent_id":"x","labels":{"k":1}}""", 400, "invalid_request", "/labels/k" },
        { "agents", """{"agent_id":"x","labels":{"k":null}}""", 400, "invalid_request", "/labels/k" },
        { "agents", """{"agent_id":"x","labels":{"k":"1","k":"2"}}""", 400, "invalid_request", "/labels/k" },
        { "agents", """{"agent_id":"x","labels":{"a b":"v"}}""", 400, "invalid_request", "/labels" },
        { "agents", """{"agent_id":"x","cluster":"a\u0007"}""", 400, "invalid_request", "/cluster" },
        { "agents", """{"agent_id":"x","user":"\u0085"}""", 400, "invalid_request", "/user" },
        { "agents/a/heartbeat", """{"activity":"sleeping"}""", 400, "invalid_request", "/activity" },
        { "agents/a/heartbeat", """{"activity":""}""", 400, "invalid_request", "/activity" },
        { "agents/a/heartbeat", """{"load":1.01}""", 400, "invalid_request", "/load" },
        { "agents/a/heartbeat", """{"load":-0.01}""", 400, "invalid_request", "/load" },
        { "agents/a/heartbeat", """{"load":"0.5"}""", 400, "invalid_request", "/load" },
        { "agents/a/heartbeat", """{"incarnation":0}""", 400, "invalid_request", "/incarnation" },
        { "agents/a/heartbeat", """{"acks":[{"seq":0,"state":"done"}]}""", 400, "invalid_request", "/acks/0/seq /acks/0/state" },
        { "heartbeats", """{"agents":{}}""", 400, "invalid_request", "/agents" },
        { "heartbeats", """{"agents":[null]}""", 400, "invalid_request", "/agents/0" },
        { "heartbeats", """{"agents":[true]}""", 400, "invalid_request", "/agents/0" },
        { "heartbeats", """{"agents":["a",{"agent_id":"a","load":2}]}""", 400, "invalid_request", "/agents/1/load" },
        { "heartbeats", """{"agents":[{"load":1}]}""", 400, "invalid_request", "/agents/0" },
        { "agents/a/directives/1/ack", """{"state":"delivered"}""", 400, "invalid_request", "/state" },
        { "agents/a/exit", """{"incarnation":1,"exit_code":"0"}""", 400, "invalid_request", "/exit_code" },

        // Ids.
        { "steer", """{"agent_id":"","direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":"a\u0000b","direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":"a\nb","direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":"-a","direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":-1,"direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":"a/b","direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "steer", """{"agent_id":"é","direction":"north"}""", 400, "invalid_request", "/agent_id" },
        { "agents", $$"""{"agent_id":"{{s_long}}"}""", 400, "invalid_request", "/agent_id" },
        { "agents", $$"""{"agent_id":"x","parent_id":"{{s_long}}"}""", 400, "invalid_request", "/parent_id" },
        { "registry", $$"""{"agent_id":"{{s_long}}","specialization":"s"}""", 400, "invalid_request", "/agent_id" },
        { "keys", $$"""{"agent_id":"{{s_long}}"}""", 400, "invalid_request", "/agent_id" },
        { "heartbeats", """{"agents":["a\u0000"]}""", 200, "", "" },

        // Text that is no Unicode.
        { "steer", """{"agent_id":"a","direction":"\ud800"}""", 400, "invalid_request", "/direction" },
        { "steer", """{"agent_id":"a","direction":"north","message":"\udc00x"}""", 400, "invalid_request", "/message" },
        { "agents", """{"agent_id":"x","labels":{"k":"\ud800"}}""", 400, "invalid_request", "/labels/k" },
        { "heartbeats", """{"agents":[{"agent_id":"a","note":"\ud800"}]}""", 400, "invalid_request", "/agents/0" },
    };

    public static TheoryData<string, string, string, string> Queries => new()
    {
        { "GET", "alive?filter=living", "invalid_filter", "?filter" },
        { "GET", "alive?filter=", "invalid_filter", "?filter" },
        { "GET", "agents?filter=none", "invalid_filter", "?filter" },
        { "GET", "alive?limit=0", "invalid_request", "?limit" },
        { "GET", "alive?limit=-1", "invalid_request", "?limit" },
        { "GET", "alive?limit=1001", "invalid_request", "?limit" },
        { "GET", "alive?limit=2147483648", "invalid_request", "?limit" },
        { "GET", "alive?limit=99999999999999999999", "invalid_request", "?limit" },
        { "GET", "alive?limit=x", "invalid_request", "?limit" },
        { "GET", "alive?limit=", "invalid_request", "?limit" },
        { "GET", "alive?limit=1&limit=2", "invalid_request", "?limit" },
        { "GET", "alive?kind=human", "invalid_request", "?kind" },
        { "GET", "alive?page=2", "invalid_request", "?page" },
        { "GET", "registry?limit=0", "invalid_request", "?limit" },
        { "GET", "registry?specialization=", "invalid_request", "?specialization" },
        { "GET", "events?after=-1", "invalid_request", "?after" },
        { "GET", "agents/a/directives?wait=61", "invalid_request", "?wait" },
        { "GET", "agents/a/directives?wait=-1", "invalid_request", "?wait" },
        { "GET", "agents/a/directives?after=x", "invalid_request", "?after" },
        { "GET", "agents/a/directives?incarnation=0", "invalid_request", "?incarnation" },
        { "DELETE", "agents/a?grace=-1", "invalid_request", "?grace" },
        { "DELETE", "agents/a?grace=3601", "invalid_request", "?grace" },
        { "DELETE", "agents/a?wait=61", "invalid_request", "?wait" },
        { "DELETE", "agents/a?force=maybe", "invalid_request", "?force" },
        { "DELETE", "agents/a?cascade=all", "invalid_request", "?cascade" },
        { "DELETE", "agents/a?now=true", "invalid_request", "?now" },
        { "DELETE", "agents/a%01", "invalid_request", "/id" },
        { "DELETE", "agents/-a", "invalid_request", "/id" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_Bad_IsRefusedByName(string path, string? body, int status, string code, string pointers)
    {
        var reply = await _mesh.PostAsync(path, body);
        if (status == 200)
        {
            Assert.Equal(200, reply.Status);
            return;
        }

        reply.ShouldBeProblem(status, code, pointers.Length > 0 ? ",\"errors\":\"*\"" : "");
        if (pointers.Length > 0)
        {
            reply.ShouldBlame(pointers.Split(' '));
        }
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Query_Bad_IsRefusedByName(string method, string path, string code, string pointer) =>
        (await _mesh.SendAsync(new HttpMethod(method), path)).ShouldBeProblem(400, code, ",\"errors\":\"*\"").ShouldBlame(pointer);

    [Fact]
    public async Task Filter_Unknown_ListsTheAllowedOnes()
    {
        const string Words =
            "active, alive, suspect, stalled, idle, working, waiting, paused, lost, stopping, dead, declared, orphaned, all";
        var allowed = Words.Replace(", ", "\",\"", StringComparison.Ordinal);
        (await _mesh.GetAsync("alive?filter=living")).ShouldBe(400, $$"""
            {"type":"urn:session-mesh:error:invalid_filter","title":"Bad Request","status":400,"code":"invalid_filter","request_id":"*",
             "detail":"filter: is one of: {{Words}}.",
             "errors":[{"pointer":"?filter","message":"is one of: {{Words}}","allowed":["{{allowed}}"]}]}
            """);
    }

    [Fact]
    public async Task Member_Unknown_ListsTheAllowedOnes()
    {
        (await _mesh.PostAsync("agents/a/directives/1/ack", """{"status":"x"}""")).ShouldBe(400, """
            {"type":"urn:session-mesh:error:invalid_request","title":"Bad Request","status":400,"code":"invalid_request","request_id":"*",
             "detail":"status: is not a member here.","errors":[{"pointer":"/status","message":"is not a member here",
             "allowed":["state","note","incarnation","epoch"]}]}
            """);
    }

    [Theory]
    [InlineData("""{"x":1,"x":2}""", "data: has a member twice.")]
    [InlineData("""[{"y":{"x":1,"x":2}}]""", "data: has a member twice.")]
    public async Task Member_TwiceInside_IsCalledThat(string data, string detail) =>
        Assert.Equal(detail, (await _mesh.PostAsync("steer", $$"""{"agent_id":"a","direction":"north","data":{{data}}}""")).Detail);

    [Theory]
    [InlineData("agents", """{"labels":{"k":1}}""", "labels/k: expected a string, not a number.")]
    [InlineData("agents", """{"labels":{"k":"1","k":"2"}}""", "labels/k: is given twice.")]
    [InlineData("agents", """{"labels":{"a b/c":1}}""", "labels/a b~1c: expected a string, not a number.")]
    [InlineData("agents", """{"specializations":["s",{}]}""", "specializations/1/name: is missing.")]
    [InlineData("agents/a/heartbeat", """{"acks":[{"seq":1,"x":1}]}""", "acks/0/x: is not a member here.")]
    [InlineData("heartbeats", """{"agents":["a",true]}""", "agents/1: expected an agent id or an object.")]
    [InlineData("sessions/cleanup", """{"before":"yesterday"}""", "before: expected an ISO 8601 time, not a string.")]
    [InlineData("agents/a/directives/1/ack", "[]", "The body is an array. Send a JSON object with: state, note, incarnation, epoch.")]
    [InlineData("steer", "{\n \"a\":}", "The body is not valid JSON: see line 2, byte 6.")]
    public async Task Body_WrongInside_SaysWhatIsWrongThere(string path, string body, string detail) =>
        Assert.Equal(detail, (await _mesh.PostAsync(path, body)).Detail);

    [Theory]
    [InlineData("GET", "nothing", 404, "not_found")]
    [InlineData("GET", "~/nothing", 404, "not_found")]
    [InlineData("GET", "~/api", 404, "not_found")]
    [InlineData("PUT", "alive", 405, "method_not_allowed")]
    [InlineData("GET", "steer", 405, "method_not_allowed")]
    [InlineData("POST", "alive", 405, "method_not_allowed")]
    public async Task Route_ThatIsNone_SaysWhereTheApiIs(string method, string path, int status, string code) =>
        (await _mesh.SendAsync(new HttpMethod(method), path, key: "")).ShouldBeProblem(status, code);

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example:7420")]
    [InlineData("127.0.0.2")]
    [InlineData("")]
    public async Task Host_ThatIsNotOurs_IsNotAnswered(string host)
    {
        foreach (var path in new[] { "alive", "~/livez", "~/openapi/v1.json", "~/swagger/index.html" })
        {
            using var request = _mesh.Request(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Host", host);
            if (host.Length > 0)
            {
                (await _mesh.SendAsync(request)).ShouldBeProblem(421, "host_not_allowed");
            }
            else
            {
                Assert.StartsWith(
                    "HTTP/1.1 421 ",
                    await _mesh.SendRawAsync("GET /livez HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"),
                    StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData(null)]
    public async Task ContentType_WhateverItIs_TheBodyIsJson(string? type)
    {
        using var request = _mesh.Request(HttpMethod.Post, "agents");
        request.Content = new ByteArrayContent("{\"agent_id\":\"a\",\"declare\":true}"u8.ToArray());
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        Assert.Equal(200, (await _mesh.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Body_NotUtf8_IsRefused()
    {
        using var request = _mesh.Request(HttpMethod.Post, "steer");
        request.Content = new ByteArrayContent([.. "{\"agent_id\":\"a\",\"direction\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        Assert.Equal(400, (await _mesh.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Body_CutOff_IsRefusedAndChangesNothing()
    {
        const string Body = """{"agent_id":"x"}""";
        var answer = await _mesh.SendRawAsync(
            $"POST /api/session-mesh/agents HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {_mesh.RootKey}\r\n"
            + $"Content-Length: {Body.Length + 4}\r\n\r\n{Body}",
            cut: true);
        Assert.DoesNotContain("201", answer, StringComparison.Ordinal);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>After each test: nothing of it is there.</summary>
    public async Task DisposeAsync()
    {
        await _mesh.SettleAsync();
        Assert.Equal(BadInputServer.Revision, _mesh.Revision);
    }
}

/// <summary>One server for all bad input: an agent <c>a</c> with a directive.</summary>
public sealed class BadInputServer : IAsyncLifetime
{
    internal const long Revision = 3;

    internal MeshHost Mesh { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Mesh = await MeshHost.StartAsync();
        await Mesh.RegisterAsync("a");
        await Mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
    }

    public async Task DisposeAsync() => await Mesh.DisposeAsync();
}
