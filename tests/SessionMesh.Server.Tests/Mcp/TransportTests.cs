using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Mcp;

/// <summary><c>/mcp</c> below the tools: keys, sessions, revisions of the protocol, origins, and what is no message.</summary>
public sealed class TransportTests(ToolServer server) : IClassFixture<ToolServer>
{
    private const string Ping = """{"jsonrpc":"2.0","id":7,"method":"ping"}""";
    private const string Session = "Mcp-Session-Id";

    private readonly MeshHost _mesh = server.Mesh;

    [Fact]
    public async Task Initialize_SaysWhatThisIs_AndBeginsASession()
    {
        var reply = await new McpCaller(_mesh).SendAsync(McpCaller.Initialize());
        var result = McpCaller.AnswerIn(reply)["result"]!;
        JsonAssert.Same($$$"""
            {"protocolVersion":"{{{McpCaller.Version}}}","capabilities":{"logging":{},"tools":{}},
             "serverInfo":{"name":"session-mesh","title":"Session Mesh","version":"0.1.0"},"instructions":"*"}
            """, result.ToJsonString());
        Assert.Contains("list_agents", result["instructions"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Matches("^[A-Za-z0-9_-]{48}$", reply.Headers[Session]);
        Assert.NotEmpty(reply.Headers["X-Request-Id"]);
        Assert.Contains("no-store", reply.Headers["Cache-Control"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2024-11-05", "2024-11-05")]
    [InlineData("2025-03-26", "2025-03-26")]
    [InlineData("2025-06-18", "2025-06-18")]
    [InlineData("1999-01-01", "2025-11-25")]
    public async Task Initialize_TakesTheClientsRevision_OrOffersItsOwn(string asked, string given)
    {
        var answer = McpCaller.AnswerIn(await new McpCaller(_mesh).SendAsync(McpCaller.Initialize(asked)));
        Assert.Equal(given, answer["result"]!["protocolVersion"]!.GetValue<string>());
    }

    [Fact]
    public async Task Revision_ThatIsUnknown_IsRefused_WithThoseThatAreNot()
    {
        var reply = await new McpCaller(_mesh).SendAsync(Ping, ("MCP-Protocol-Version", "1999-01-01"));
        Assert.Equal((400, 7), (reply.Status, reply.Json["id"]!.GetValue<int>()));
        Assert.Equal(-32022, reply.Json["error"]!["code"]!.GetValue<int>());
        Assert.Contains("2026-07-28", reply.Text, StringComparison.Ordinal);
    }

    /// <summary>The revision without a handshake and without sessions.</summary>
    [Fact]
    public async Task Revision_WithoutSessions_CallsToolsAtOnce()
    {
        const string Meta = """
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}
            """;
        var reply = await new McpCaller(_mesh).SendAsync(
            $$$"""
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_agent","arguments":{"agent_id":"own"},{{{Meta}}}}}
            """,
            ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "get_agent"), (Session, "ignored"));
        new ToolAnswer(McpCaller.AnswerIn(reply)["result"]!.AsObject()).ShouldBeOk();
        Assert.DoesNotContain(Session, reply.Headers.Keys);
    }

    [Fact]
    public async Task Session_IsKnownOnEveryServerThatKnowsTheKey()
    {
        await using var mesh = await MeshHost.StartAsync();
        var caller = new McpCaller(mesh);
        var id = (await caller.SendAsync(McpCaller.Initialize())).Headers[Session];
        Assert.Equal(
            (202, ""), await StatusAndText(caller.SendAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""", (Session, id))));
        Assert.Equal("{}", McpCaller.AnswerIn(await caller.SendAsync(Ping, (Session, id)))["result"]!.ToJsonString());
        await mesh.RestartAsync();
        Assert.Equal("{}", McpCaller.AnswerIn(await caller.SendAsync(Ping, (Session, id)))["result"]!.ToJsonString());
    }

    [Fact]
    public async Task Session_OfAnotherKey_IsAsUnknownAsOneThatNeverWas()
    {
        var mine = await _mesh.MintAsync("""{"session_key":"mine"}""");
        var id = (await new McpCaller(_mesh, mine).SendAsync(McpCaller.Initialize())).Headers[Session];
        var forged = id[..^1] + (id[^1] == 'A' ? 'E' : 'A');
        var answers = new List<string>();
        foreach (var (key, session) in new[]
        {
            (_mesh.RootKey, id), (server.OnlyOwn, id), (mine, forged), (mine, "x"), (mine, ""), (mine, new string('A', 48)),
            (mine, new string('A', 4000)), (mine, id + ", " + id), (await _mesh.MintAsync("""{"session_key":"mine"}"""), id),
        })
        {
            var reply = await new McpCaller(_mesh, key).SendAsync(Ping, (Session, session));
            Assert.Equal((404, "application/json"), (reply.Status, reply.Headers["Content-Type"]));
            answers.Add(reply.Text);
        }

        JsonAssert.Same(
            """
            {"jsonrpc":"2.0","id":7,"error":{"code":-32001,
             "message":"This key has no such session. Send initialize without Mcp-Session-Id to begin one."}}
            """,
            Assert.Single(answers.Distinct()));
    }

    [Fact]
    public async Task Session_IsNotBegunByWhatIsRefused()
    {
        foreach (var message in new[] { Ping, """{"jsonrpc":"2.0","method":"initialize"}""" })
        {
            Assert.DoesNotContain(Session, (await new McpCaller(_mesh).SendAsync(message)).Headers.Keys);
        }

        Assert.DoesNotContain(
            Session,
            (await new McpCaller(_mesh).SendAsync(McpCaller.Initialize(), ("MCP-Protocol-Version", "1999-01-01"))).Headers.Keys);
    }

    [Fact]
    public async Task Call_WithoutAValidKey_Is401_AndSaysHow()
    {
        foreach (var key in new[] { "", "garbage", "smk_aaaaaaaaaaaa" + _mesh.RootKey[16..] })
        {
            foreach (var message in new[] { McpCaller.Initialize(), Ping, "not json", new string('x', 50_000) })
            {
                var reply = (await new McpCaller(_mesh, key).SendAsync(message)).ShouldBeProblem(401, "unauthenticated");
                Assert.Equal("Bearer realm=\"session-mesh\"", reply.Headers["WWW-Authenticate"]);
            }
        }
    }

    [Theory]
    [InlineData("Origin", "https://evil.example", 403, "origin_not_allowed")]
    [InlineData("Origin", "null", 403, "origin_not_allowed")]
    [InlineData("Sec-Fetch-Site", "cross-site", 403, "origin_not_allowed")]
    [InlineData("Host", "evil.example", 421, "host_not_allowed")]
    public async Task Call_ThatABrowserSendsForAnotherSite_IsRefused_WhateverItsKey(string header, string value, int status, string code)
    {
        foreach (var key in new[] { _mesh.RootKey, "" })
        {
            var reply = await new McpCaller(_mesh, key).SendAsync(McpCaller.Initialize(), (header, value));
            reply.ShouldBeProblem(status, code);
            Assert.DoesNotContain(Session, reply.Headers.Keys);
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("PUT")]
    public async Task Method_OtherThanPost_Is405(string method)
    {
        foreach (var key in new[] { _mesh.RootKey, "" })
        {
            using var request = _mesh.Request(new HttpMethod(method), "~/mcp", key);
            request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
            var reply = (await _mesh.SendAsync(request)).ShouldBeProblem(405, "method_not_allowed");
            Assert.Equal("POST", reply.Headers["Allow"]);
        }
    }

    [Theory]
    [InlineData("", -32700)]
    [InlineData("not json", -32700)]
    [InlineData("{\"jsonrpc\":\"2.0\"", -32700)]
    [InlineData("{} {}", -32700)]
    [InlineData("[]", -32600)]
    [InlineData("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600)]
    [InlineData("null", -32600)]
    [InlineData("{}", -32600)]
    [InlineData("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", -32600)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}", -32602)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":7}}", -32602)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\\ud800\"}}", -32700)]
    public async Task Message_ThatIsNone_IsAJsonRpcError(string message, int code)
    {
        var reply = await new McpCaller(_mesh).SendAsync(message);
        Assert.True(reply.Status == 400, $"{reply.Status}: {reply.Text}");
        Assert.StartsWith("application/json", reply.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(code, reply.Json["error"]!["code"]!.GetValue<int>());
        Assert.NotEmpty(reply.Json["error"]!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task Message_ThatIsNoText_OrTooDeep_IsAJsonRpcError()
    {
        byte[][] messages =
        [
            [.. "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\""u8, 0xff, .. "\"}"u8],
            [.. Enumerable.Repeat((byte)'[', 100_000)],
            System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 20)) + "1" + new string('}', 20)),
        ];
        foreach (var message in messages)
        {
            var reply = await new McpCaller(_mesh).SendAsync(message);
            Assert.Equal((400, -32700), (reply.Status, reply.Json["error"]!["code"]!.GetValue<int>()));
        }
    }

    [Fact]
    public async Task Method_ThatIsUnknown_IsAnErrorOfTheProtocol()
    {
        foreach (var method in new[] { "resources/list", "prompts/list", "completion/complete", "nonsense" })
        {
            Assert.Equal(-32601, (await new McpCaller(_mesh).RequestAsync(method))["error"]!["code"]!.GetValue<int>());
        }
    }

    [Fact]
    public async Task Accept_HasToTakeBoth_OrAnything()
    {
        Assert.Equal(406, (await new McpCaller(_mesh).SendAsync(Ping, ("Accept", "application/json"))).Status);
        Assert.Equal(200, (await new McpCaller(_mesh).SendAsync(Ping, ("Accept", "*/*"))).Status);
    }

    /// <summary>Or whoever has a key could fill the server's log.</summary>
    [Fact]
    public async Task Log_HasNothingOfWhatClientsDoWrong()
    {
        await using var mesh = await MeshHost.StartAsync();
        var caller = new McpCaller(mesh);
        await caller.SendAsync("not json");
        await caller.SendAsync("{}");
        await caller.SendAsync(Ping, ("MCP-Protocol-Version", "1999-01-01"));
        await caller.SendAsync(Ping, (Session, "x"));
        await caller.SendAsync("""{"jsonrpc":"2.0","method":"notifications/nonsense"}""");
        await caller.SendAsync("""{"jsonrpc":"2.0","id":1,"result":{}}""");
        await caller.RequestAsync("nonsense");
        await caller.SendAsync("""{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}""");
        await caller.RequestAsync("tools/call");
        await caller.RequestAsync("tools/call", """{"name":7}""");
        await caller.RequestAsync("tools/call", """{"name":"nonsense"}""");
        await caller.RequestAsync("tools/list", """{"cursor":"x"}""");
        await caller.CallAsync("get_agent", """{"agent_id":"nobody"}""");
        Assert.Equal([], McpCaller.Complaints(mesh));
    }

    [Fact]
    public async Task Refusal_OfAKey_IsInTheAudit_AsThatOfMcp()
    {
        await using var mesh = await MeshHost.StartAsync();
        var refused = await new McpCaller(mesh, "garbage").SendAsync(Ping);
        var entry = (await mesh.GetAsync("audit?outcome=refused")).Json["entries"]![0]!;
        Assert.Equal(
            ("mcp", "unauthenticated", refused.Headers["X-Request-Id"]),
            (entry["operation"]!.GetValue<string>(), entry["code"]!.GetValue<string>(), entry["request_id"]!.GetValue<string>()));
    }

    private static async Task<(int Status, string Text)> StatusAndText(Task<Reply> sent) => (await sent) is var reply
        ? (reply.Status, reply.Text)
        : default;
}
