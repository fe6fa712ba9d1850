using System.Text.Json.Nodes;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Mcp;

/// <summary>Bad arguments are errors of the tool, which name what is wrong; nothing is done.</summary>
public sealed class ArgumentTests(ToolServer server) : IClassFixture<ToolServer>
{
    private readonly MeshHost _mesh = server.Mesh;

    public static TheoryData<string, string, string[]> Bad => new()
    {
        { "steer_agent", "{}", ["agent_id"] },
        { "steer_agent", """{"agent_id":"own"}""", ["direction"] },
        { "steer_agent", """{"agent_id":null,"direction":"x"}""", ["agent_id"] },
        { "steer_agent", """{"agent_id":["own"],"direction":"x"}""", ["agent_id"] },
        { "steer_agent", """{"agent_id":"-own","direction":"x"}""", ["agent_id"] },
        { "steer_agent", """{"agent_id":"own","direction":7}""", ["direction"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","data":"text"}""", ["data"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","verb":"stop"}""", ["verb"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","ttl":0}""", ["ttl"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","ttl":1.5}""", ["ttl"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","hold":"yes"}""", ["hold"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","wait":"read","wait_seconds":61}""", ["wait", "wait_seconds"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","directon":"y","selector":{}}""", ["directon", "selector"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","direction":"y"}""", ["direction"] },
        { "steer_agent", """{"agent_id":"own","direction":"x","idempotency_key":""}""", ["idempotency_key"] },
        { "list_agents", """{"filter":"awake"}""", ["filter"] },
        { "list_agents", """{"limit":0,"sort":"name"}""", ["limit", "sort"] },
        { "list_agents", """{"limit":"20"}""", ["limit"] },
        { "list_agents", """{"fields":"agent_id"}""", ["fields"] },
        { "list_agents", """{"fields":["agent_id","colour"]}""", ["fields"] },
        { "list_agents", """{"fields":["agent_id,status"]}""", ["fields"] },
        { "list_agents", """{"cursor":"next"}""", ["cursor"] },
        { "get_agent", "{}", ["agent_id"] },
        { "get_agent", """{"agent_id":"../keys"}""", ["agent_id"] },
        { "get_agent", """{"agent_id":"own","events":101}""", ["events"] },
        { "find_specialist", "{}", ["specialization"] },
        { "find_specialist", """{"specialization":"ocr","count":0,"strategy":"best"}""", ["count", "strategy"] },
        { "find_specialist", """{"specialization":"ocr","label":{"env":1}}""", ["label"] },
        { "find_specialist", """{"specialization":"ocr","label":{"env":"a,b"}}""", ["label"] },
        { "find_specialist", """{"specialization":"ocr","label":{"env!":"prod"}}""", ["label"] },
        { "claim_specialist", """{"specialization":"ocr","ttl":1}""", ["ttl"] },
        { "claim_specialist", """{"specialization":"ocr","label":{"env":1}}""", ["label"] },
        { "release_claim", """{"claim_id":"c/1"}""", ["claim_id"] },
        { "register", """{"agent_id":"x","ttl":1}""", ["ttl"] },
        { "register", """{"agent_id":"x","specializations":"ocr"}""", ["specializations"] },
        { "register", """{"agent_id":"x","specializations":[{"name":"a","level":101}]}""", ["specializations/0/level"] },
        { "register", """{"agent_id":"x","specializations":[{"name":"a","grade":1}]}""", ["specializations/0"] },
        { "register", """{"agent_id":"x","labels":{"a b":"c"}}""", ["labels"] },
        { "heartbeat", """{"agent_id":"own","activity":"busy","load":2}""", ["activity", "load"] },
        { "heartbeat", """{"agent_id":"own","acks":[{"seq":1,"state":"done"}]}""", ["acks/0/state"] },
        { "heartbeat", """{"agent_id":"own","verbs":["run"]}""", ["verbs/0"] },
        { "kill_agent", """{"agent_id":"own","force":true,"grace":5}""", ["grace"] },
        { "kill_agent", """{"agent_id":"own","cascade":"all","wait":61}""", ["wait", "cascade"] },
        { "check_inbox", """{"agent_id":"own","wait":-1}""", ["wait"] },
        { "check_inbox", """{"agent_id":"own","verbs":"stop"}""", ["verbs"] },
        { "ack_directive", """{"agent_id":"own","seq":"1","state":"accepted"}""", ["seq"] },
        { "ack_directive", """{"agent_id":"own","seq":1}""", ["state"] },
        { "ack_directive", """{"agent_id":"own","seq":1,"state":"done"}""", ["state"] },
        { "session_get", """{"session_id":7.5}""", [] },
        { "session_set", """{"session_id":"own","meta":{"a":1}}""", ["meta"] },
        { "session_set", """{"session_id":"own","meta":["a"]}""", ["meta"] },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task Arguments_ThatAreWrong_AreNamed_AndNothingIsDone(string tool, string arguments, string[] blamed)
    {
        var revision = _mesh.Revision;
        var answer = await new McpCaller(_mesh).CallAsync(tool, arguments);
        if (blamed.Length > 0)
        {
            answer.ShouldBlame(blamed);
        }
        else
        {
            answer.ShouldBeError("session_not_found"); // a number is its text
        }

        Assert.Equal(revision, _mesh.Revision);
    }

    [Fact]
    public async Task Argument_ThatIsUnknown_ComesWithThoseThatAre() => Assert.Equal(
        """["session_id","meta","remove","if_version"]""",
        (await new McpCaller(_mesh).CallAsync("session_set", """{"session_id":"own","value":"x"}""")).ShouldBlame("value")
            ["arguments"]![0]!["allowed"]!.ToJsonString());

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("\"agent_id\"")]
    public async Task Arguments_ThatAreNoObject_AreNamedToo(string arguments) =>
        (await new McpCaller(_mesh).CallAsync("get_agent", arguments)).ShouldBlame("arguments");

    [Theory]
    [InlineData("tools/call", "[]", "params: expected an object.")]
    [InlineData("tools/call", "{}", "params/name: expected a string.")]
    [InlineData("tools/call", """{"name":7}""", "params/name: expected a string.")]
    [InlineData("tools/call", """{"name":"get_agent","_meta":[]}""", "params/_meta: expected an object.")]
    [InlineData("tools/list", "7", "params: expected an object.")]
    [InlineData("tools/list", """{"cursor":7}""", "params/cursor: expected a string.")]
    public async Task Params_ThatAreNone_AreAnErrorOfTheProtocol_ThatSaysWhy(string method, string parameters, string why)
    {
        var reply = await new McpCaller(_mesh).SendAsync(
            $$"""{"jsonrpc":"2.0","id":"x","method":"{{method}}","params":{{parameters}} }""");
        reply.ShouldBe(200, $$"""{"jsonrpc":"2.0","id":"x","error":{"code":-32602,"message":"{{why}}"} }""");
    }

    [Fact]
    public async Task Arguments_ThatAreLeftOut_AreNone()
    {
        var caller = new McpCaller(_mesh);
        new ToolAnswer(await caller.ResultAsync("tools/call", """{"name":"list_agents"}""")).ShouldBeOk();
        new ToolAnswer(await caller.ResultAsync("tools/call", """{"name":"get_agent","arguments":null}""")).ShouldBlame("agent_id");
    }

    [Fact]
    public async Task Tool_ThatIsUnknown_IsAnErrorOfTheProtocol()
    {
        var answer = await new McpCaller(_mesh).RequestAsync("tools/call", """{"name":"delete_everything","arguments":{}}""");
        JsonAssert.Same("""{"code":-32602,"message":"There is no such tool. tools/list has those that this key may use."}""",
            answer["error"]!.ToJsonString());
    }

    [Fact]
    public async Task Message_AtItsBoundIsTaken_PastItIsRefused()
    {
        var caller = new McpCaller(_mesh);
        var head = """{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"x":""";
        string OfLength(int length) => head + '"' + new string('x', length - head.Length - 5) + "\"}}}";
        Assert.Equal(Limits.McpBytes, OfLength(Limits.McpBytes).Length);
        Assert.Equal("{}", McpCaller.AnswerIn(await caller.SendAsync(OfLength(Limits.McpBytes)))["result"]!.ToJsonString());
        foreach (var length in new[] { Limits.McpBytes + 1, 1024 * 1024, 3 * 1024 * 1024 })
        {
            // It asks first: the answer to what is not read may be lost when the connection ends under what is still sent.
            var reply = await caller.SendAsync(OfLength(length), ("Expect", "100-continue"));
            Assert.Equal((413, "application/json"), (reply.Status, reply.Headers["Content-Type"]));
            JsonAssert.Same(
                """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"A message has at most 128 KiB. Send less in one call."}}""",
                reply.Text);
        }
    }

    [Fact]
    public async Task Argument_OfTheGreatestLength_GoesThrough()
    {
        await _mesh.RegisterAsync("reader", 86_400);
        var message = new string('é', Limits.MessageLength);
        var caller = new McpCaller(_mesh);
        var steered = await caller.CallAsync("steer_agent", $$"""{"agent_id":"reader","direction":"x","message":"{{message}}"}""");
        Assert.Equal(message, steered.ShouldBeOk()["message"]!.GetValue<string>());
        (await caller.CallAsync("steer_agent", $$"""{"agent_id":"reader","direction":"x","message":"{{message}}x"}"""))
            .ShouldBlame("message");
        var deep = string.Concat(Enumerable.Repeat("""{"a":""", 15)) + "1" + new string('}', 15);
        (await caller.CallAsync("steer_agent", $$"""{"agent_id":"reader","direction":"x","data":{{deep}}}""")).ShouldBeOk();
        (await caller.CallAsync("steer_agent", $$$"""{"agent_id":"reader","direction":"x","data":{"a":{{{deep}}}}}"""))
            .ShouldBeError("invalid_json");
    }

    [Fact]
    public async Task Argument_WithAKeyInIt_IsRefused_AndNothingLeaks()
    {
        var key = await _mesh.MintAsync("{}");
        var answer = await new McpCaller(_mesh).CallAsync("list_agents", $$"""{"q":"{{key}}"}""");
        answer.ShouldBeError("key_in_query");
        Assert.DoesNotContain(key[17..], answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Error_TellsWhatTheApiTells()
    {
        await _mesh.PostAsync("agents", """{"agent_id":"declared","declare":true}""");
        var error = (await new McpCaller(_mesh).CallAsync("steer_agent", """{"agent_id":"declared","direction":"x"}"""))
            .ShouldBeError("not_alive");
        Assert.Equal("declared", error["agent_status"]!.GetValue<string>());
        Assert.NotEmpty(error["request_id"]!.GetValue<string>());
        Assert.Contains("hold", error["next"]!.GetValue<string>(), StringComparison.Ordinal);
        var known = (JsonObject)(await new McpCaller(_mesh).CallAsync("get_agent", """{"agent_id":"nobody"}"""))
            .ShouldBeError("agent_not_found");
        Assert.Equal("No agent 'nobody' is known.", known["detail"]!.GetValue<string>());
    }
}
