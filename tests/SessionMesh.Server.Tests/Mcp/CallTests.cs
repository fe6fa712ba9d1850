using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Server;
using SessionMesh.Contracts;
using SessionMesh.Server.Mcp.Calls;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Mcp;

/// <summary>A tool call is a call of the API: counted once, held, audited, cut and delivered as one.</summary>
public sealed class CallTests
{
    [Fact]
    public async Task Call_CountsOnce_AgainstTheRateLimit()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "1"]);
        var caller = new McpCaller(mesh, await mesh.MintAsync("""{"scopes":["mesh:read"]}"""));
        for (var i = 0; i < 4; i++)
        {
            (await caller.CallAsync("list_agents")).ShouldBeOk();
        }

        (await caller.SendAsync(McpCaller.Initialize())).ShouldBeProblem(429, "rate_limited", ",\"retry_after\":1");
    }

    [Fact]
    public async Task Call_IsInTheAudit_WithItsKeyAndItsRequest()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["steer"]}""");
        var reply = await new McpCaller(mesh, key).SendAsync("""
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"steer_agent",
             "arguments":{"agent_id":"a","direction":"west","reason":"the east is full"}}}
            """);
        new ToolAnswer(McpCaller.AnswerIn(reply)["result"]!.AsObject()).ShouldBeOk();
        var entry = (await mesh.GetAsync("audit?limit=1")).Json["entries"]![0]!;
        Assert.Equal(
            (key[4..16], "directive.issued", "the east is full", "127.0.0.1", reply.Headers["X-Request-Id"]),
            (entry["actor"]!.GetValue<string>(), entry["operation"]!.GetValue<string>(), entry["reason"]!.GetValue<string>(),
             entry["remote_address"]!.GetValue<string>(), entry["request_id"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Refusal_IsInTheAudit_AsThatOfTheOperation()
    {
        await using var mesh = await MeshHost.StartAsync();
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        var answer = await new McpCaller(mesh, key).CallAsync("kill_agent", """{"agent_id":"a"}""");
        answer.ShouldBeError("missing_scope");
        (await mesh.GetAsync("audit?outcome=refused")).ShouldBe(200, $$"""
            {"entries":[{"revision":null,"at":"{{At(0)}}","actor":"{{key[4..16]}}","operation":"killAgent","subject":null,
             "outcome":"refused","reason":"This key lacks the scope kill. Use a key that has it.","code":"missing_scope",
             "remote_address":"127.0.0.1","request_id":"{{answer.Json["request_id"]}}"}],
             "next_cursor":null,"suppressed":0,"oldest_revision":1}
            """);
    }

    [Fact]
    public async Task Call_ThatWaits_IsAHeldAnswerOfItsKey()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--max-streams-per-key", "1"]);
        await mesh.RegisterAsync("a", 600);
        var caller = new McpCaller(mesh, await mesh.MintAsync("""{"agent_id":"a"}"""));
        var first = caller.CallAsync("check_inbox", """{"wait":40}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        (await caller.CallAsync("check_inbox")).ShouldBeError("too_many_streams");
        (await caller.CallAsync("heartbeat")).ShouldBeOk();
        await mesh.SteerAsync("a");
        Assert.Single((await first).ShouldBeOk()["directives"]!.AsArray());
    }

    [Theory]
    [Trait("Store", "SQLite")] // nodes mark it before it is written
    [InlineData("check_inbox")]
    [InlineData("heartbeat")]
    public async Task Directive_IsDelivered_WhenTheAnswerOfTheToolIsWritten_AndNotBefore(string tool)
    {
        var gate = new AnswerGate();
        await using var mesh = await gate.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = (await mesh.SteerAsync("a")).Json["directive_id"]!.GetValue<string>();
        gate.Close();
        var answer = new McpCaller(mesh).CallAsync(tool, """{"agent_id":"a"}""");
        await gate.Reached;
        await mesh.SettleAsync();
        Assert.Equal("queued", await StateAsync(mesh, steer));

        gate.Open();
        Assert.Single((await answer).ShouldBeOk()["directives"]!.AsArray());
        await Eventually.True(async () => await StateAsync(mesh, steer) == "delivered", () => "it is delivered");
    }

    [Fact]
    [Trait("Store", "SQLite")] // nodes mark it before it is written
    public async Task Directive_WhoseAnswerIsNotWritten_IsNotDelivered_AndComesAgain()
    {
        var gate = new AnswerGate();
        await using var mesh = await gate.StartAsync();
        await mesh.RegisterAsync("a");
        var steer = (await mesh.SteerAsync("a")).Json["directive_id"]!.GetValue<string>();
        gate.Close();
        using (var gone = new CancellationTokenSource())
        using (var http = new HttpClient())
        {
            using var request = mesh.Request(HttpMethod.Post, "~" + Routes.Mcp);
            request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
            request.Content = new StringContent("""
                {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check_inbox","arguments":{"agent_id":"a"}}}
                """, System.Text.Encoding.UTF8, "application/json");
            var sent = http.SendAsync(request, gone.Token);
            await gate.Reached;
            await gone.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        }

        await gate.Aborted;
        gate.Open();
        await mesh.SettleAsync();
        Assert.Equal("queued", await StateAsync(mesh, steer));
        Assert.Single((await new McpCaller(mesh).CallAsync("check_inbox", """{"agent_id":"a"}""")).ShouldBeOk()["directives"]!.AsArray());
        await Eventually.True(async () => await StateAsync(mesh, steer) == "delivered", () => "it is delivered");
    }

    [Fact]
    public async Task Wait_OfACallerThatGoesAway_Ends_AndNothingIsDelivered()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--max-streams-per-key", "1"]);
        await mesh.RegisterAsync("a");
        await AbandonAsync(mesh, """{"agent_id":"a","wait":40}""");
        // Its place is free again once it has ended.
        await Eventually.True(async () =>
            !(await new McpCaller(mesh).CallAsync("check_inbox", """{"agent_id":"a"}""")).IsError, () => "its place is free");
        var steer = (await mesh.SteerAsync("a")).Json["directive_id"]!.GetValue<string>();
        await mesh.SettleAsync();
        Assert.Equal("queued", await StateAsync(mesh, steer));
        Assert.Equal([], McpCaller.Complaints(mesh));
    }

    [Fact]
    public async Task Server_ThatStops_AnswersACallThatWaits()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var answer = new McpCaller(mesh).CallAsync("check_inbox", """{"agent_id":"a","wait":40}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        var stopping = mesh.BeginStop();
        Assert.Empty((await answer).ShouldBeOk()["directives"]!.AsArray());
        await stopping;
    }

    [Fact]
    public async Task Fault_OfASandbox_StrikesTheOperationBehindTheTool()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--sandbox"]);
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("sandbox/faults", """{"endpoint":"POST /steer","status":503,"count":1}""");
        await mesh.PostAsync("sandbox/faults", """{"endpoint":"DELETE /agents/{id}","cut":"before","count":1}""");
        var caller = new McpCaller(mesh);
        (await caller.CallAsync("steer_agent", """{"agent_id":"a","direction":"x"}""")).ShouldBeError("sandbox_fault");
        (await caller.CallAsync("steer_agent", """{"agent_id":"a","direction":"x"}""")).ShouldBeOk();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => caller.CallAsync("kill_agent", """{"agent_id":"a"}"""));
        (await caller.CallAsync("kill_agent", """{"agent_id":"a"}""")).ShouldBeOk();
    }

    [Fact]
    public async Task Write_OfAWholeAnswer_ReturnsOnceItIsSent()
    {
        await using var body = new AnswerBody(() => 4);
        await body.WriteAsync(new byte[] { 1, 2 });
        Assert.False(body.Whole.IsCompleted);
        var write = body.WriteAsync(new byte[] { 3, 4 }).AsTask();
        await body.Whole;
        Assert.False(write.IsCompleted);
        Assert.Equal([1, 2, 3, 4], body.Written.ToArray());
        body.Release(isSent: true);
        await write;

        await using var lost = new AnswerBody(() => 1);
        var never = lost.WriteAsync(new byte[] { 1 }).AsTask();
        lost.Release(isSent: false);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
    }

    private static async Task AbandonAsync(MeshHost mesh, string arguments)
    {
        using var http = new HttpClient();
        using var gone = new CancellationTokenSource();
        using var request = mesh.Request(HttpMethod.Post, "~" + Routes.Mcp);
        request.Headers.TryAddWithoutValidation("Accept", "application/json, text/event-stream");
        request.Content = new StringContent(
            $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check_inbox","arguments":{{{arguments}}} }}""",
            System.Text.Encoding.UTF8, "application/json");
        var sent = http.SendAsync(request, gone.Token);
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
    }

    private static async Task<string> StateAsync(MeshHost mesh, string directive) =>
        (await mesh.GetAsync("directives/" + directive)).Json["state"]!.GetValue<string>();

    /// <summary>Holds up what the server sends, once it is closed.</summary>
    private sealed class AnswerGate
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _isClosed;

        public Task Reached => _reached.Task.WaitAsync(Eventually.Bound);
        public Task Aborted => _aborted.Task.WaitAsync(Eventually.Bound);

        public Task<MeshHost> StartAsync() => MeshHost.StartAsync(builder => builder.Services.Configure<McpServerOptions>(
            server => server.Filters.Message.OutgoingFilters.Add(next => async (message, cancellation) =>
            {
                if (_isClosed)
                {
                    using var gone = cancellation.Register(_aborted.SetResult);
                    _reached.TrySetResult();
                    await _open.Task;
                }

                await next(message, cancellation);
            })));

        public void Close() => _isClosed = true;

        public void Open()
        {
            _isClosed = false;
            _open.SetResult();
        }
    }
}
