using SessionMesh.Contracts.Keys;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Mcp;

/// <summary>Every tool: with each scope alone, with a key that reaches nobody, and what it does.</summary>
public sealed class ToolTests(ToolServer server) : IClassFixture<ToolServer>
{
    private readonly MeshHost _mesh = server.Mesh;

    /// <summary>The tool, its arguments (<c>$id</c>, <c>$session</c> and <c>$claim</c> are filled in), the scopes that open it.</summary>
    public static TheoryData<string, string, string[]> Tools => new()
    {
        { "list_agents", "{}", [Scopes.MeshRead] },
        { "get_agent", """{"agent_id":"$id"}""", [Scopes.MeshRead, Scopes.AgentSelf] },
        { "find_specialist", """{"specialization":"ocr"}""", [Scopes.MeshRead] },
        { "claim_specialist", """{"specialization":"ocr"}""", [Scopes.Steer] },
        { "release_claim", """{"claim_id":"$claim"}""", [Scopes.Steer] },
        { "register", """{"agent_id":"$id","incarnation":1}""", [Scopes.RegistryWrite, Scopes.AgentSelf] },
        { "heartbeat", """{"agent_id":"$id"}""", [Scopes.RegistryWrite, Scopes.AgentSelf] },
        { "steer_agent", """{"agent_id":"$id","direction":"west"}""", [Scopes.Steer] },
        { "kill_agent", """{"agent_id":"victim","force":true}""", [Scopes.Kill] },
        { "check_inbox", """{"agent_id":"$id"}""", [Scopes.RegistryWrite, Scopes.AgentSelf] },
        { "ack_directive", """{"agent_id":"$id","seq":1,"state":"acknowledged"}""", [Scopes.RegistryWrite, Scopes.AgentSelf] },
        { "session_get", """{"session_id":"$session"}""", [Scopes.SessionsRead, Scopes.AgentSelf] },
        { "session_set", """{"session_id":"$session","meta":{"a":"b"}}""", [Scopes.SessionsWrite, Scopes.AgentSelf] },
    };

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Tool_WithEachScopeAlone_IsListedAndOpensForThoseAndNoOther(string tool, string arguments, string[] scopes)
    {
        foreach (var (scope, key) in server.OfScope)
        {
            var caller = new McpCaller(_mesh, key);
            var opens = scope == Scopes.Admin || scopes.Contains(scope);
            Assert.Equal(opens, (await caller.ToolsAsync()).Contains(tool));
            var answer = await caller.CallAsync(tool, await server.FillAsync(arguments, key));
            if (opens)
            {
                answer.ShouldBeOk();
            }
            else
            {
                answer.ShouldBeError("missing_scope");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public async Task Tool_ThatIsNotOpen_IsRefusedForItsScope_BeforeItsArguments(string tool, string arguments, string[] scopes)
    {
        _ = arguments;
        var key = server.OfScope[scopes.Contains(Scopes.MeshRead) ? Scopes.KeysMint : Scopes.AuditRead];
        var revision = _mesh.Revision;
        (await new McpCaller(_mesh, key).CallAsync(tool, """{"nonsense":1}""")).ShouldBeError("missing_scope");
        Assert.Equal(revision, _mesh.Revision);
    }

    [Theory]
    [InlineData("get_agent", """{"agent_id":"theirs"}""", "agent_not_found")]
    [InlineData("register", """{"agent_id":"theirs"}""", "outside_reach")]
    [InlineData("heartbeat", """{"agent_id":"theirs"}""", "agent_not_found")]
    [InlineData("steer_agent", """{"agent_id":"theirs","direction":"x"}""", "agent_not_found")]
    [InlineData("kill_agent", """{"agent_id":"theirs"}""", "agent_not_found")]
    [InlineData("check_inbox", """{"agent_id":"theirs"}""", "agent_not_found")]
    [InlineData("ack_directive", """{"agent_id":"theirs","seq":1,"state":"accepted"}""", "agent_not_found")]
    [InlineData("claim_specialist", """{"specialization":"theirs-alone"}""", "no_capacity")]
    public async Task Tool_OnAnAgentThatTheKeyDoesNotReach_IsRefused(string tool, string arguments, string code)
    {
        var revision = _mesh.Revision;
        (await new McpCaller(_mesh, server.OnlyOwn).CallAsync(tool, arguments)).ShouldBeError(code);
        Assert.Equal(revision, _mesh.Revision);
    }

    [Fact]
    public async Task ListAgents_ShowsAFewMembers_AndPages()
    {
        var caller = new McpCaller(_mesh);
        var page = (await caller.CallAsync("list_agents", """{"cluster":"tools","sort":"id","limit":1}""")).ShouldBeOk();

        JsonAssert.Same("""
            {"sessions":[{"agent_id":"own","status":"alive","activity":null,"load":null,"progress":null,"note":null,
             "specializations":["ocr"],"parent_id":null,"direction":"north","last_heartbeat_at":"*"}],
             "count":1,"next_cursor":"*","as_of":"*"}
            """, page.ToJsonString());
        var cursor = page["next_cursor"]!.GetValue<string>();
        var next = (await caller.CallAsync(
            "list_agents", $$"""{"cluster":"tools","sort":"id","limit":1,"cursor":"{{cursor}}","fields":["agent_id"]}""")).ShouldBeOk();
        Assert.Equal("""[{"agent_id":"theirs"}]""", next["sessions"]!.ToJsonString());
    }

    [Fact]
    public async Task Inbox_OfTheAgentThatTheKeyIsBoundTo_NeedsNoName()
    {
        await _mesh.RegisterAsync("bound", 86_400);
        var agent = new McpCaller(_mesh, await _mesh.MintAsync("""{"agent_id":"bound"}"""));
        var steered = (await new McpCaller(_mesh).CallAsync(
            "steer_agent", """{"agent_id":"bound","direction":"west","message":"leave the east"}""")).ShouldBeOk();
        Assert.Equal("queued", steered["state"]!.GetValue<string>());

        var directive = Assert.Single((await agent.CallAsync("check_inbox")).ShouldBeOk()["directives"]!.AsArray())!;
        Assert.Equal("leave the east", directive["message"]!.GetValue<string>());
        Assert.Single((await agent.CallAsync("heartbeat", """{"activity":"working"}""")).ShouldBeOk()["directives"]!.AsArray());

        var acked = (await agent.CallAsync("ack_directive", """{"seq":1,"state":"acknowledged","note":"on my way"}""")).ShouldBeOk();
        Assert.Equal(("acknowledged", "on my way"), (acked["state"]!.GetValue<string>(), acked["note"]!.GetValue<string>()));
        Assert.Empty((await agent.CallAsync("check_inbox")).ShouldBeOk()["directives"]!.AsArray());
        Assert.Equal("west", (await agent.CallAsync("get_agent")).ShouldBeOk()["direction"]!.GetValue<string>());
        (await agent.CallAsync("check_inbox", """{"agent_id":"own"}""")).ShouldBeError("not_your_agent");
    }

    [Fact]
    public async Task Register_LastsAnHour_AndSaysWhoIsAliveAlready()
    {
        var caller = new McpCaller(_mesh);
        var registered = (await caller.CallAsync(
            "register", """{"agent_id":"newcomer","specializations":[{"name":"Image/OCR","capacity":2}],"labels":{"env":"prod"}}"""))
            .ShouldBeOk();
        Assert.Equal((1, 3600), (registered["incarnation"]!.GetValue<int>(), registered["ttl"]!.GetValue<int>()));
        Assert.Equal("image/ocr", registered["specializations"]![0]!.GetValue<string>());

        (await caller.CallAsync("register", """{"agent_id":"newcomer"}""")).ShouldBeError("already_alive");
        var taken = (await caller.CallAsync("register", """{"agent_id":"newcomer","takeover":true}""")).ShouldBeOk();
        Assert.Equal(2, taken["incarnation"]!.GetValue<int>());
        Assert.Equal(
            "Another has taken over. Stop working as this agent.",
            (await caller.CallAsync("heartbeat", """{"agent_id":"newcomer","incarnation":1}""")).ShouldBeError("superseded")["next"]!
                .GetValue<string>());
    }

    [Fact]
    public async Task Specialist_IsFound_Claimed_AndReleased()
    {
        await _mesh.PostAsync("registry", """{"agent_id":"painter","specialization":"art/oil","labels":{"env":"prod"}}""");
        var caller = new McpCaller(_mesh);
        var match = Assert.Single((await caller.CallAsync(
            "find_specialist", """{"specialization":"art","label":{"env":"prod"}}""")).ShouldBeOk()["matches"]!.AsArray())!;
        Assert.Equal("painter", match["agent_id"]!.GetValue<string>());

        var claim = (await caller.CallAsync(
            "claim_specialist", """{"specialization":"art","label":{"env":"prod"},"idempotency_key":"job-1"}""")).ShouldBeOk();
        var again = (await caller.CallAsync(
            "claim_specialist", """{"specialization":"art","label":{"env":"prod"},"idempotency_key":"job-1"}""")).ShouldBeOk();
        Assert.Equal(claim.ToJsonString(), again.ToJsonString());
        Assert.Equal(("painter", 600), (claim["agent_id"]!.GetValue<string>(), claim["ttl"]!.GetValue<int>()));
        (await caller.CallAsync("claim_specialist", """{"specialization":"art"}""")).ShouldBeError("no_capacity");

        var id = claim["claim_id"]!.GetValue<string>();
        JsonAssert.Same(
            $$"""{"claim_id":"{{id}}","agent_id":"painter"}""",
            (await caller.CallAsync("release_claim", $$"""{"claim_id":"{{id}}"}""")).ShouldBeOk().ToJsonString());
        (await caller.CallAsync("release_claim", $$"""{"claim_id":"{{id}}"}""")).ShouldBeError("claim_not_found");
    }

    [Fact]
    public async Task Kill_IsForceAtOnce_AndTheSameReportAgain()
    {
        await _mesh.RegisterAsync("doomed", 86_400);
        var caller = new McpCaller(_mesh);
        var killed = (await caller.CallAsync("kill_agent", """{"agent_id":"doomed","force":true,"reason":"over budget"}""")).ShouldBeOk();
        Assert.Equal(
            ("dead", false, "over budget"),
            (killed["status"]!.GetValue<string>(), killed["confirmed"]!.GetValue<bool>(), killed["reason"]!.GetValue<string>()));
        Assert.Equal(
            killed.ToJsonString(), (await caller.CallAsync("kill_agent", """{"agent_id":"doomed"}""")).ShouldBeOk().ToJsonString());
        (await caller.CallAsync("heartbeat", """{"agent_id":"doomed"}""")).ShouldBeError("tombstoned");
    }

    [Fact]
    public async Task Session_IsReadAndWritten_IfNobodyElseDid()
    {
        await _mesh.PostAsync("sessions", """{"id":"job","meta":{"a":"1","b":"2"}}""");
        var caller = new McpCaller(_mesh);
        var read = (await caller.CallAsync("session_get", """{"session_id":"job"}""")).ShouldBeOk();
        var version = read["version"]!.GetValue<long>();

        var set = (await caller.CallAsync(
            "session_set", $$"""{"session_id":"job","meta":{"a":"3"},"remove":["b"],"if_version":{{version}}}""")).ShouldBeOk();
        Assert.Equal("""{"a":"3"}""", set["meta"]!.ToJsonString());
        (await caller.CallAsync("session_set", $$"""{"session_id":"job","meta":{"a":"4"},"if_version":{{version}}}"""))
            .ShouldBeError("precondition_failed");
        (await caller.CallAsync("session_get", """{"session_id":"nobody"}""")).ShouldBeError("session_not_found");
    }
}

/// <summary>One server with an agent, one that is somebody else's, and a key with each scope alone.</summary>
public sealed class ToolServer : IAsyncLifetime
{
    private string _session = "";

    internal MeshHost Mesh { get; private set; } = null!;

    /// <summary>A key with each scope alone; that with <c>agent:self</c> is bound to <c>own</c>.</summary>
    internal Dictionary<string, string> OfScope { get; } = [];

    /// <summary>Every scope that can be limited, for <c>own</c> alone.</summary>
    internal string OnlyOwn { get; private set; } = "";

    public async Task InitializeAsync()
    {
        Mesh = await MeshHost.StartAsync();
        await Mesh.RegisterAsync("own", 86_400, ""","cluster":"tools","specializations":[{"name":"ocr","capacity":1000}]""");
        await Mesh.RegisterAsync("theirs", 86_400, ""","cluster":"tools","specializations":["theirs-alone"]""");
        await Mesh.RegisterAsync("victim", 86_400);
        _session = (await Mesh.GetAsync("agents/own")).Json["session_id"]!.GetValue<string>();
        await Mesh.SteerAsync("own");
        await Mesh.PostAsync("agents/own/directives/1/ack", """{"state":"acknowledged"}""");
        foreach (var scope in Scopes.All.Except([Scopes.AgentSelf]))
        {
            OfScope[scope] = await Mesh.MintAsync($$"""{"scopes":["{{scope}}"],"ttl":86400}""");
        }

        OfScope[Scopes.AgentSelf] = await Mesh.MintAsync("""{"agent_id":"own"}""");
        OnlyOwn = await Mesh.MintAsync("""
            {"scopes":["mesh:read","registry:write","steer","kill","sessions:read","sessions:write"],"within":["agent:own"]}
            """);
    }

    public async Task DisposeAsync() => await Mesh.DisposeAsync();

    /// <param name="key">Who is to release the claim, if it may have one.</param>
    internal async Task<string> FillAsync(string arguments, string key)
    {
        var claimed = arguments.Contains("$claim", StringComparison.Ordinal)
            ? await Mesh.PostAsync("registry/claim", """{"specialization":"ocr"}""", key)
            : null;
        return arguments
            .Replace("$id", "own", StringComparison.Ordinal)
            .Replace("$session", _session, StringComparison.Ordinal)
            .Replace("$claim", claimed?.Status == 201 ? claimed.Json["claim_id"]!.GetValue<string>() : "c-1", StringComparison.Ordinal);
    }
}
