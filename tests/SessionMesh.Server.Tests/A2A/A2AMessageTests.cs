using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.A2A;

/// <summary><c>message:send</c> is a steer, and answers with the task that it joined.</summary>
public sealed class A2AMessageTests
{
    private const string GoOn = """{"text":"go on"}""";

    [Fact]
    public async Task Message_IsASteer_AndAnswersWithTheTask()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(3);
        var reply = await mesh.SayAsync("a", A2ARig.Message("m1"));
        reply.ShouldBeA2A(A2ARig.Of(A2ARig.Task(directive: A2ARig.Directive(3), history: [A2ARig.Said(3, GoOn)])));
        JsonAssert.Same(Rows.Row("a", 2), reply.Json["task"]!["metadata"]!["agent"]!.ToJsonString());
        var inbox = await mesh.GetAsync("agents/a/directives");
        inbox.ShouldBe(200, $$"""
            {"directives":[{{Rows.Directive(3, "a", 1, issuedAt: 3, differs: """ "direction":"message","message":"go on" """)}}]}
            """);
    }

    [Fact]
    public async Task Message_CarriesItsTextsItsDataAndItsDirection()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var body = A2ARig.Message(
            "m1", """
            {"text":"one","mediaType":"text/markdown"},{"data":{"b": [1, 2]}},{"text":"two"},{"data":3,"mediaType":"application/json"}
            """, more: ""","metadata":{"direction":"west","ttl":60,"reason":"because","other":{"x":1}},"extensions":["urn:x"]""");
        const string Parts = """{"text":"one\ntwo"},{"data":[{"b":[1,2]},3],"mediaType":"application/json"}""";
        (await mesh.SayAsync("a", body)).ShouldBeA2A(A2ARig.Of(A2ARig.Task(
            directive: A2ARig.Directive(3, direction: "west"), history: [A2ARig.Said(3, Parts, direction: "west")])));
        (await mesh.GetAsync("directives/d-3")).ShouldBe(200, Rows.Directive(
            3, "a", 1, ttl: 60, differs: """ "direction":"west","message":"one\ntwo","data":[{"b":[1,2]},3] """));
        var entry = Assert.Single((await mesh.GetAsync("audit?operation=directive.issued")).Json["entries"]!.AsArray());
        Assert.Equal("because", entry!["reason"]!.GetValue<string>());
    }

    /// <summary>A key that may steer and no more is told of its own word, and of nothing that it could not read elsewhere.</summary>
    [Fact]
    public async Task Message_WithAKeyThatMaySteerAlone_ShowsNeitherTheRowNorWhatOthersSaid()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["steer"]}""");
        (await mesh.SayAsync("a", A2ARig.Message("m1"), key)).ShouldBeA2A(
            A2ARig.Of(A2ARig.Task(directive: A2ARig.Directive(5, seq: 2), row: "")));
    }

    [Fact]
    public async Task Message_IsHeldUntilTheAgentAcknowledges_AndAnswersWithItsWords()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var sent = mesh.SayAsync("a", A2ARig.Message("m1", beside: ""));
        await mesh.ChangeAsync("directive.issued", "a");
        await mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":1,"state":"accepted"}]}""");
        Assert.False(sent.IsCompleted);
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","note":"on my way"}""");
        (await sent).ShouldBeA2A(A2ARig.Of(A2ARig.Task(
            directive: A2ARig.Directive(3, state: "acknowledged", note: "on my way"),
            history: [A2ARig.Said(3, GoOn), A2ARig.Answered("d-3.acknowledged", "on my way")])));
    }

    [Fact]
    public async Task Message_IsHeldForAMinute_AndThenAnswersWithWhatThereIs()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        var sent = mesh.SayAsync("a", A2ARig.Message("m1", beside: ",\"configuration\":{\"historyLength\":0}"));
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(Limits.MaxWait));
        (await mesh.AdvanceUntilAsync(sent, Limits.MaxWait)).ShouldBeA2A(
            A2ARig.Of(A2ARig.Task(directive: A2ARig.Directive(3))));
    }

    [Fact]
    public async Task Message_IsHeldNoLongerThanItsKeyMayHold()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--max-streams-per-key", "1"]);
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["steer","mesh:read"]}""");
        await using var stream = await mesh.FollowAsync("agents/a/a2a/tasks/a.1.1:subscribe", key: key);
        Assert.Equal(200, (await mesh.SayAsync("a", A2ARig.Message("m1", beside: ""), key)).Status);
        (await mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/message:stream", A2ARig.Message("m2"), key)).ShouldBeA2AError(
            429, "RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS", """
            ,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3s"}
            """);
        Assert.Single((await mesh.GetAsync("agents/a/directives")).Json["directives"]!.AsArray());
    }

    [Fact]
    public async Task Message_ThatComesAgain_IsSteeredOnce_AndAnswersWithWhatBecameOfIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SayAsync("a", A2ARig.Message("m1"));
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        var revision = mesh.Revision;
        var again = await mesh.SayAsync("a", A2ARig.Message("m1", beside: ""));
        again.ShouldBeA2A(A2ARig.Of(A2ARig.Task(
            directive: A2ARig.Directive(3, state: "acknowledged"), history: [A2ARig.Said(3, GoOn)])));
        Assert.Equal(("true", revision), (again.Headers["Idempotency-Replayed"], mesh.Revision));
        await mesh.RestartAsync();
        Assert.Equal("true", (await mesh.SayAsync("a", A2ARig.Message("m1"))).Headers["Idempotency-Replayed"]);
        Assert.Single((await mesh.GetAsync("agents/a/directives/history")).Json["directives"]!.AsArray());

        // Another agent's message, and another key's, are others.
        await mesh.RegisterAsync("b");
        Assert.False((await mesh.SayAsync("b", A2ARig.Message("m1"))).Headers.ContainsKey("Idempotency-Replayed"));
        var other = await mesh.MintAsync("""{"scopes":["steer"]}""");
        Assert.False((await mesh.SayAsync("a", A2ARig.Message("m1"), other)).Headers.ContainsKey("Idempotency-Replayed"));
    }

    [Fact]
    public async Task MessageId_WithOtherWords_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SayAsync("a", A2ARig.Message("m1"));
        (await mesh.SayAsync("a", A2ARig.Message("m1", """{"text":"something else"}""")))
            .ShouldBeA2AError(422, "ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED");
        Assert.Equal(1, (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>());
    }

    [Fact]
    public async Task IdempotencyKey_CountsInsteadOfTheMessageId()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SayAsync("a", A2ARig.Message("m1"), idempotencyKey: "one");
        Assert.False((await mesh.SayAsync("a", A2ARig.Message("m1"), idempotencyKey: "two")).Headers.ContainsKey("Idempotency-Replayed"));
        Assert.True((await mesh.SayAsync("a", A2ARig.Message("m1"), idempotencyKey: "one")).Headers.ContainsKey("Idempotency-Replayed"));
        Assert.Equal(2, (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>());
    }

    [Fact]
    public async Task Message_ToALifeThatIsOver_NeverReachesItsSuccessor()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var first = A2ARig.Message("m1", more: ",\"taskId\":\"a.1.1\",\"contextId\":\"a\"");
        Assert.Equal(200, (await mesh.SayAsync("a", first)).Status);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.SayAsync("a", A2ARig.Message("m2", more: ",\"taskId\":\"a.1.1\"")))
            .ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION", "\"agentStatus\":\"dead\",");
        await mesh.RegisterAsync("a");
        (await mesh.SayAsync("a", A2ARig.Message("m3", more: ",\"taskId\":\"a.1.1\"")))
            .ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
        Assert.Equal(0, (await mesh.GetAsync("agents/a")).Json["pending"]!.GetValue<int>());
        Assert.Equal(200, (await mesh.SayAsync("a", A2ARig.Message("m4", more: ",\"taskId\":\"a.1.2\""))).Status);

        // What was answered stays answered, and says of which life.
        var again = await mesh.SayAsync("a", first);
        Assert.Equal(("true", "a.1.1"), (again.Headers["Idempotency-Replayed"], again.Json["task"]!["id"]!.GetValue<string>()));
    }

    /// <summary>The life may end while the message is on its way: then it is decided by the log's order.</summary>
    [Fact]
    public async Task Message_ThatIsDecidedAfterItsLifeEnded_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Task<Reply> next, sent;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            next = mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
            await held.WaitingAsync(1);
            sent = mesh.SayAsync("a", A2ARig.Message("m1", more: ",\"taskId\":\"a.1.1\""));
            await held.WaitingAsync(2);
        }

        Assert.Equal(201, (await next).Status);
        (await sent).ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
    }

    [Theory]
    [InlineData("declared")]
    [InlineData("lost")]
    [InlineData("stopping")]
    public async Task Message_ToAnAgentThatCannotHear_IsNotSupported(string status)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 5, more: status == "declared" ? ",\"declare\":true" : "");
        if (status == "lost")
        {
            await mesh.AdvanceAsync(15);
        }
        else if (status == "stopping")
        {
            await mesh.DeleteAsync("agents/a");
        }

        (await mesh.SayAsync("a", A2ARig.Message("m1")))
            .ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION", $"\"agentStatus\":\"{status}\",");
    }

    [Fact]
    public async Task Inbox_ThatIsFull_TakesNoMore()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "0"]);
        await mesh.RegisterAsync("a");
        var steers = string.Join(',', Enumerable.Repeat("""{"agent_id":"a","direction":"x"}""", Limits.Inbox));
        await mesh.PostAsync("steers", $$"""{"steers":[{{steers}}]}""");
        (await mesh.SayAsync("a", A2ARig.Message("m1"))).ShouldBeA2AError(429, "RESOURCE_EXHAUSTED", "INBOX_FULL", """
            ,{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"5s"}
            """, "\"agentStatus\":\"alive\",");
    }
}
