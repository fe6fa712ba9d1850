using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Tests.Hooks;
using SessionMesh.Client.Tests;

namespace SessionMesh.Cli.Tests.Mcp;

/// <summary><c>mcp</c>: what goes to the server for each line, and which line comes back.</summary>
public sealed class McpBridgeTests(HookServer server) : IClassFixture<HookServer>, IDisposable
{
    private const string Initialize = """{"jsonrpc":"2.0","id":0,"method":"initialize","params":"""
        + """{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    private const string Ping = """{"jsonrpc":"2.0","id":"p1","method":"ping"}""";
    private const string Pong = """{"jsonrpc":"2.0","id":"p1","result":{}}""";

    private readonly Tool _tool = new(Answer(Pong));

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Lines_GoToTheRealServer_AndItsAnswersComeBack()
    {
        await server.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"seen","ttl":3600}""");
        using var tool = new Tool();
        tool.Env["SESSION_MESH_URL"] = server.Url.AbsoluteUri;
        tool.Env["SESSION_API_KEY"] = server.RootKey;
        using var network = new SocketsHttpHandler();
        tool.PipedBytes = Lines(
            Initialize,
            """{"jsonrpc":"2.0","method":"notifications/initialized"}""",
            "",
            """{"jsonrpc":"2.0","id":1,"method":"tools/list"}""",
            """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_agent","arguments":{"agent_id":"seen"}}}""",
            """{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"get_agent","arguments":{"agent_id":"-"}}}""",
            """{"jsonrpc":"2.0","id":4,"method":"nonsense"}""");

        var ran = await tool.RunAsync(["mcp"], network);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        var answers = ById(ran.Out);
        Assert.Equal(["0", "1", "2", "3", "4"], answers.Keys.Order());
        Assert.Equal("2025-06-18", answers["0"]["result"]!["protocolVersion"]!.GetValue<string>());
        Assert.Equal(13, answers["1"]["result"]!["tools"]!.AsArray().Count);
        Assert.Equal("alive", answers["2"]["result"]!["structuredContent"]!["status"]!.GetValue<string>());
        Assert.True(answers["3"]["result"]!["isError"]!.GetValue<bool>());
        Assert.Equal(-32601, answers["4"]["error"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public async Task Key_ThatTheServerRefuses_IsTheErrorOfEachRequest_AndSaysWhatToDo()
    {
        using var tool = new Tool();
        tool.Env["SESSION_MESH_URL"] = server.Url.AbsoluteUri;
        using var network = new SocketsHttpHandler();
        tool.PipedBytes = Lines(Initialize, Ping);

        var ran = await tool.RunAsync(["mcp"], network);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        var answers = ById(ran.Out);
        Assert.Equal(["0", "p1"], answers.Keys.Order());
        Assert.All(answers.Values, answer =>
        {
            Assert.Equal(-32000, answer["error"]!["code"]!.GetValue<int>());
            Assert.Contains("SESSION_API_KEY", answer["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Message_IsSentAsItIs_WithTheKeyAndWhatIsAccepted()
    {
        var ran = await RunAsync(Ping + "\r");

        Assert.Equal(new Ran(0, Pong + "\n", ""), ran);
        var sent = Assert.Single(_tool.Server.Requests);
        Assert.Equal(("POST", "http://127.0.0.1:7420/mcp", Ping), (sent.Method, sent.Url, sent.Body));
        Assert.Equal("Bearer smk_abcdefghijkl_THESECRET_check1", sent.Headers["Authorization"]);
        Assert.Contains("application/json", sent.Headers["Accept"], StringComparison.Ordinal);
        Assert.Contains("text/event-stream", sent.Headers["Accept"], StringComparison.Ordinal);
        Assert.DoesNotContain("MCP-Protocol-Version", sent.Headers.Keys);
    }

    [Fact]
    public async Task Revision_ThatWasAgreedOn_IsSaidFromThenOn()
    {
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var tool = new Tool(
            _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StreamContent(new ReadOnce("""
                    data: {"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-03-26"}}


                    """, read)) { Headers = { ContentType = new("text/event-stream") } },
            }),
            Answer(Pong));
        var input = new Pipe();
        tool.PipedStream = input.Reader.AsStream();
        var running = tool.RunAsync("mcp");
        await input.Writer.WriteAsync(Lines(Initialize));
        await read.Task.WaitAsync(Eventually.Bound);
        await input.Writer.WriteAsync(Lines(Ping));
        await input.Writer.CompleteAsync();

        var ran = await running;

        Assert.Equal(["0", "p1"], ById(ran.Out).Keys.Order());
        Assert.Equal("2025-03-26", tool.Server.Requests[1].Headers["MCP-Protocol-Version"]);
    }

    [Fact]
    public async Task Message_ThatNamesItsRevision_IsSaidInItsHeadersToo()
    {
        const string Call = """{"jsonrpc":"2.0","id":"p1","method":"tools/call","params":"""
            + """{"name":"list_agents","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}""";
        await RunAsync(Call);

        var headers = Assert.Single(_tool.Server.Requests).Headers;
        Assert.Equal(
            ("2026-07-28", "tools/call", "list_agents"), (headers["MCP-Protocol-Version"], headers["Mcp-Method"], headers["Mcp-Name"]));
    }

    [Fact]
    public async Task Answer_InSeveralMessages_OrAsJson_ComesBackLineByLine()
    {
        using var tool = new Tool(
            ScriptedServer.Stream(
                "event: message\ndata: {\"jsonrpc\":\"2.0\",\ndata: \"method\":\"notifications/progress\"}\n\n" + $"data: {Pong}\n\n"),
            ScriptedServer.Json(200, "{\"jsonrpc\":\"2.0\",\n \"id\":\"p1\",\r\n \"result\":{}}"));
        tool.PipedBytes = Lines(Ping);
        Assert.Equal(
            new Ran(0, "{\"jsonrpc\":\"2.0\", \"method\":\"notifications/progress\"}\n" + Pong + "\n", ""), await tool.RunAsync("mcp"));
        Assert.Equal(new Ran(0, "{\"jsonrpc\":\"2.0\",  \"id\":\"p1\",  \"result\":{}}\n", ""), await tool.RunAsync("mcp"));
    }

    [Fact]
    public async Task Server_ThatIsAway_IsTheErrorOfTheRequest_AndTheNextOneTriesAnew()
    {
        using var tool = new Tool(ScriptedServer.Broken(), ScriptedServer.Broken(), ScriptedServer.Broken(), Answer(Pong));
        tool.PipedBytes = Lines(Ping);

        var away = ById((await tool.RunAsync("mcp")).Out)["p1"]["error"]!;
        Assert.Equal(-32000, away["code"]!.GetValue<int>());
        Assert.Equal(
            "Cannot reach http://127.0.0.1:7420 after 3 attempts: nothing listens there, or no network leads there. "
            + "Try: start the server with 'dotnet run --project src/SessionMesh.Server', or check --url.",
            away["message"]!.GetValue<string>());
        Assert.Equal(new Ran(0, Pong + "\n", ""), await tool.RunAsync("mcp"));
    }

    public static TheoryData<int, string, int, string> Refusals => new()
    {
        { 413, """{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"too much"}}""", -32600, "too much" },
        { 429, Problem(429, "rate_limited", "Too many requests."), -32000, "Too many requests. Try: the same command again" },
        { 404, Problem(404, "not_found", "There is nothing at this path."), -32000, "the server is of a version without MCP" },
        { 502, "<html>", -32000, "What answers at http://127.0.0.1:7420/ is no Session Mesh server: it answered with status 502." },
        { 200, "<html>", -32000, "cut the connection" },
        { 202, "", -32000, "cut the connection" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Refusal_IsAnErrorWithTheIdOfTheRequest(int status, string body, int code, string message)
    {
        using var tool = new Tool(ScriptedServer.Json(status, body));
        tool.PipedBytes = Lines(Ping);
        var ran = await tool.RunAsync("mcp");
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        var error = ById(ran.Out)["p1"]["error"]!;
        Assert.Equal(code, error["code"]!.GetValue<int>());
        Assert.Contains(message, error["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_ThatBreaksOff_SaysThatItMayHaveBeenDone()
    {
        using var tool = new Tool(ScriptedServer.Stream("data: {\"jsonrpc\":\"2.0\",\"id\""));
        tool.PipedBytes = Lines(Ping);
        var ran = await tool.RunAsync("mcp");
        Assert.Contains("may have been done", ById(ran.Out)["p1"]["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notification_ThatIsRefused_IsSaidToAPersonAlone()
    {
        using var tool = new Tool(ScriptedServer.Problem(403, "missing_scope", "This key lacks the scope."));
        tool.PipedBytes = Lines("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        var ran = await tool.RunAsync("mcp");
        Assert.Equal((0, ""), (ran.Code, ran.Out));
        Assert.Contains("This key lacks the scope", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"jsonrpc\":")]
    public async Task Line_ThatIsNoMessage_IsNotSent(string line)
    {
        var ran = await RunAsync(line, Ping);
        Assert.Single(_tool.Server.Requests);
        Assert.Equal(
            [-32700, 0],
            ran.Out.Trim().Split('\n').Select(answer => JsonNode.Parse(answer)!["error"]?["code"]?.GetValue<int>() ?? 0).Order());
    }

    [Fact]
    public async Task Line_OfAnyLength_IsRefused_AndTheNextIsTaken()
    {
        var ran = await RunAsync(new string('x', 9 * 1024 * 1024), Ping);
        var answers = ran.Out.Trim().Split('\n');
        Assert.Contains(Pong, answers);
        Assert.Contains("longer than any message", Assert.Single(answers, answer => answer != Pong), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_ThatIsCancelled_IsCutOff_AndGetsNoAnswer()
    {
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var tool = new Tool(async cancellation =>
        {
            using var gone = cancellation.Register(cut.SetResult);
            asked.SetResult();
            await cut.Task;
            throw new OperationCanceledException(cancellation);
        });
        var input = new Pipe();
        tool.PipedStream = input.Reader.AsStream();
        var running = tool.RunAsync("mcp");
        await input.Writer.WriteAsync(Lines(Ping));
        await asked.Task.WaitAsync(Eventually.Bound);
        await input.Writer.WriteAsync(Lines("""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"p1"}}"""));
        await cut.Task.WaitAsync(Eventually.Bound);
        await input.Writer.CompleteAsync();

        Assert.Equal(new Ran(0, "", ""), await running);
        Assert.Single(tool.Server.Requests);
    }

    [Fact]
    public async Task Key_ThatHasEnded_IsReplacedByWhatItsFileHoldsByNow()
    {
        using var tool = new Tool(
            ScriptedServer.Problem(401, "unauthenticated"), Answer(Pong));
        tool.Env.Remove("SESSION_API_KEY");
        var file = tool.WriteFile("key", "smk_aaaaaaaaaaaa_THESECRET_check1");
        var input = new Pipe();
        tool.PipedStream = input.Reader.AsStream();
        tool.Server.Seen = _ => File.WriteAllText(file, "smk_bbbbbbbbbbbb_THESECRET_check2");
        var running = tool.RunAsync($"mcp --key-file {file}");
        await input.Writer.WriteAsync(Lines(Ping));
        await input.Writer.CompleteAsync();

        Assert.Equal(Pong + "\n", (await running).Out);
        Assert.Equal(
            ["Bearer smk_aaaaaaaaaaaa_THESECRET_check1", "Bearer smk_bbbbbbbbbbbb_THESECRET_check2"],
            tool.Server.Requests.Select(request => request.Headers["Authorization"]));
    }

    [Fact]
    public async Task Output_ThatIsGone_EndsIt()
    {
        _tool.Failing = new OutputClosedException();
        var input = new Pipe(); // never closed
        _tool.PipedStream = input.Reader.AsStream();
        await input.Writer.WriteAsync(Lines(Ping));
        Assert.Equal(141, (await _tool.RunAsync("mcp").WaitAsync(Eventually.Bound)).Code);
    }

    private static Func<CancellationToken, Task<HttpResponseMessage>> Answer(string message) =>
        ScriptedServer.Stream($"event: message\ndata: {message}\n\n");

    private static string Problem(int status, string code, string detail) =>
        $$"""{"type":"t","title":"t","status":{{status}},"detail":"{{detail}}","code":"{{code}}"}""";

    private static byte[] Lines(params string[] lines) => Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n");

    private static Dictionary<string, JsonNode> ById(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => JsonNode.Parse(line)!).ToDictionary(answer => answer["id"]!.ToString());

    private Task<Ran> RunAsync(params string[] lines)
    {
        _tool.PipedBytes = Lines(lines);
        return _tool.RunAsync("mcp");
    }

    /// <summary>Tells when it is read once more: what it said first has been taken by then.</summary>
    private sealed class ReadOnce(string text, TaskCompletionSource taken) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            if (read == 0)
            {
                taken.TrySetResult();
            }

            return read;
        }
    }
}
