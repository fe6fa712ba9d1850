using SessionMesh.Contracts;
using SessionMesh.Core.State;
using SessionMesh.Server.A2A;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.A2A;

/// <summary>A task is a life of an agent: it is found while it is the present one, and ends as the agent does.</summary>
public sealed class A2ATaskTests
{
    [Fact]
    public async Task Task_OfALivingAgent_Works_AndHasItsRow()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a.b:c");
        await mesh.AdvanceAsync(2);
        await mesh.PostAsync("agents/a.b:c/heartbeat", """{"activity":"waiting","note":"for you"}""");
        var task = await mesh.A2AAsync(HttpMethod.Get, "agents/a.b:c/a2a/tasks/a.b%3Ac.1.1");
        task.ShouldBeA2A(A2ARig.Task("a.b:c", at: 2));
        JsonAssert.Same(
            Rows.Row("a.b:c", 2, heardAt: 2, differs: """ "activity":"waiting","note":"for you" """),
            task.Json["metadata"]!["agent"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"incarnation":1,"exit_code":0}""", "COMPLETED", "The agent ended with exit code 0.")]
    [InlineData("""{"incarnation":1}""", "COMPLETED", "The agent ended.")]
    [InlineData("""{"incarnation":1,"exit_code":3,"reason":"no disk"}""", "FAILED", "The agent ended with exit code 3: no disk")]
    [InlineData("""{"incarnation":1,"signal":"SIGSEGV"}""", "FAILED", "The agent ended by signal SEGV.")]
    public async Task Task_OfAnAgentThatEndedByItself_SaysHow(string exit, string state, string words)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(2);
        (await mesh.PostAsync("agents/a/exit", exit)).ShouldBeOk();
        await mesh.AdvanceAsync(2);
        var ended = Ended("TASK_STATE_" + state, words);
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.1")).ShouldBeA2A(ended);
        await mesh.RestartAsync();
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.1")).ShouldBeA2A(ended);
    }

    [Fact]
    public async Task Task_OfAnAgentThatWasStopped_IsCanceled_WhateverItsExitCode()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a");
        await mesh.AdvanceAsync(2);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":143}""");
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.1"))
            .ShouldBeA2A(Ended("TASK_STATE_CANCELED", "The agent ended with exit code 143."));
    }

    /// <summary>What is not proven to be over is not said to be.</summary>
    [Fact]
    public async Task Task_OfAnAgentThatMayStillRun_Works()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var id in new[] { "suspect", "lost", "stopping", "dead" })
        {
            await mesh.RegisterAsync(id, ttl: id == "suspect" ? 10 : 5);
        }

        await mesh.AdvanceAsync(12);
        await mesh.DeleteAsync("agents/dead?force=true");
        await mesh.RegisterAsync("stopping");
        await mesh.DeleteAsync("agents/stopping");
        foreach (var status in new[] { "suspect", "lost", "stopping", "dead" })
        {
            var task = status == "stopping" ? "stopping.1.2" : status + ".1.1";
            var shown = (await mesh.A2AAsync(HttpMethod.Get, $"agents/{status}/a2a/tasks/{task}")).Json;
            Assert.Equal("TASK_STATE_WORKING", shown["status"]!["state"]!.GetValue<string>());
            Assert.Equal(status, shown["metadata"]!["status"]!.GetValue<string>());
        }
    }

    [Theory]
    [InlineData("a.1.2")]
    [InlineData("a.1.0")]
    [InlineData("a.1.01")]
    [InlineData("a.2.1")]
    [InlineData("a.1")]
    [InlineData("a")]
    [InlineData("b.1.1")]
    [InlineData("a.1.99999999999")]
    public async Task Task_ThatIsNotThePresentLife_IsNotFound(string task)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        (await mesh.A2AAsync(HttpMethod.Get, $"agents/a/a2a/tasks/{task}")).ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
        (await mesh.A2AAsync(HttpMethod.Post, $"agents/a/a2a/tasks/{task}:cancel")).ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
        (await mesh.A2AAsync(HttpMethod.Post, $"agents/a/a2a/tasks/{task}:subscribe"))
            .ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
        (await mesh.SayAsync("a", A2ARig.Message("m", more: $",\"taskId\":\"{task}\"")))
            .ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Agent_ThatWasOnlyDeclared_HasNoTask()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"declare\":true");
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.0")).ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks"))
            .ShouldBeA2A("""{"tasks":[],"nextPageToken":"","pageSize":50,"totalSize":0}""");
    }

    [Fact]
    public async Task History_IsWhatThisLifeWasTold_WithWhatItAnswered_TheNewestOfIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
        var begun = mesh.Revision;
        await mesh.SteerAsync("a", ",\"data\":{\"x\":1}");
        await mesh.PostAsync("agents/a/directives/2/ack", """{"state":"rejected","note":"no \"way\""}""");
        await mesh.PostAsync("steer", """{"agent_id":"a","verb":"pause"}""");
        var said = new[]
        {
            A2ARig.Said(begun + 1, """{"data":{"x":1},"mediaType":"application/json"}""", incarnation: 2, direction: "north"),
            A2ARig.Answered($"d-{begun + 1}.rejected", "no \\\"way\\\"", incarnation: 2),
            A2ARig.Said(begun + 3, """{"text":"pause"}""", incarnation: 2, verb: "pause", direction: null),
        };
        foreach (var (query, from) in new[] { ("", 0), ("?historyLength=100", 0), ("?historyLength=2", 1), ("?historyLength=1", 2) })
        {
            (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.2" + query)).ShouldBeA2A(
                A2ARig.Task(incarnation: 2, history: said[from..]));
        }

        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.2?historyLength=0")).ShouldBeA2A(A2ARig.Task(incarnation: 2));
    }

    [Fact]
    public async Task History_HasTwentyMessagesUnlessMoreAreAskedFor_AndAHundredAtMost()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await SteerAsync(mesh, 101, "");
        foreach (var (query, count) in new[] { ("", 20), ("?historyLength=100", 100), ("?historyLength=1000", 100) })
        {
            var history = (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.1" + query)).Json["history"]!.AsArray();
            Assert.Equal((count, $"d-{mesh.Revision}"), (history.Count, history[^1]!["messageId"]!.GetValue<string>()));
        }

        // Long messages are fewer: past a mebibyte no more are read.
        await SteerAsync(mesh, 60, new string('m', Limits.MessageLength));
        await SteerAsync(mesh, 10, new string('m', Limits.MessageLength));
        var most = (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks/a.1.1?historyLength=100")).Json["history"]!.AsArray();
        Assert.Equal((Limits.InboxAnswer / Limits.MessageLength) + 1, most.Count);
    }

    /// <summary>A restored store counts incarnations again that were there before.</summary>
    [Fact]
    public void Task_OfAnEpochBefore_IsNoTask()
    {
        var state = new MeshState();
        Assert.Equal(3, A2ATaskId.IncarnationOf(state, "a", "a.1.3"));
        state.LoadEpoch(2);
        Assert.Null(A2ATaskId.IncarnationOf(state, "a", "a.1.3"));
        Assert.Equal(3, A2ATaskId.IncarnationOf(state, "a", "a.2.3"));
    }

    [Theory]
    [InlineData("", 1, 50)]
    [InlineData("?contextId=a&status=TASK_STATE_WORKING&pageSize=100&statusTimestampAfter=2026-01-31T08:15:30Z&historyLength=0", 1, 100)]
    [InlineData("?contextId=b", 0, 50)]
    [InlineData("?status=TASK_STATE_COMPLETED", 0, 50)]
    [InlineData("?statusTimestampAfter=2026-01-31T08:15:31Z", 0, 50)]
    [InlineData("?pageToken=&unknown=1&tenant=", 1, 50)]
    public async Task List_HasTheOneTask_OrNone(string query, int count, int pageSize)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks" + query)).ShouldBeA2A($$"""
            {"tasks":[{{(count == 0 ? "" : A2ARig.Task())}}],"nextPageToken":"","pageSize":{{pageSize}},"totalSize":{{count}}}
            """);
    }

    [Fact]
    public async Task List_WithArtifacts_SaysThatThereAreNone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.A2AAsync(HttpMethod.Get, "agents/a/a2a/tasks?includeArtifacts=true")).ShouldBeA2A($$"""
            {"tasks":[{{A2ARig.Task(differs: "\"artifacts\":[]")}}],"nextPageToken":"","pageSize":50,"totalSize":1}
            """);
    }

    [Fact]
    public async Task Cancel_StopsTheAgentWithAllBelowIt_AndIsOverWhenItsExitIsReported()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("child", more: ",\"parent_id\":\"a\"");
        var key = await mesh.MintAsync("""{"scopes":["kill"]}""");
        var path = "agents/a/a2a/tasks/a.1.1:cancel";
        var cancelled = A2ARig.Task(status: "stopping", row: "");
        (await mesh.A2AAsync(HttpMethod.Post, path, """{"metadata":{"reason":"enough","grace":30}}""", key)).ShouldBeA2A(cancelled);
        var stop = (await mesh.GetAsync("agents/a/directives")).Json["directives"]![0]!;
        Assert.Equal(
            ("stop", "enough", 30),
            (stop["verb"]!.GetValue<string>(), stop["message"]!.GetValue<string>(), stop["data"]!["grace"]!.GetValue<int>()));
        Assert.Equal("stopping", await mesh.StatusAsync("child"));

        // Asked again it changes nothing.
        await mesh.SettleAsync();
        var revision = mesh.Revision;
        (await mesh.A2AAsync(HttpMethod.Post, path, """{"metadata":{"grace":30}}""", key)).ShouldBeA2A(cancelled);
        Assert.Equal(revision, mesh.Revision);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.A2AAsync(HttpMethod.Post, path, key: key))
            .ShouldBeNamedByA2A(400, "FAILED_PRECONDITION", "TASK_NOT_CANCELABLE", "\"agentStatus\":\"dead\",");
    }

    [Fact]
    public async Task Cancel_ThatComesAgainUnderItsIdempotencyKey_AnswersWithTheTaskAsItIs()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Task<Reply> CancelAsync() => mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/tasks/a.1.1:cancel", idempotencyKey: "once");
        (await CancelAsync()).ShouldBeA2A(A2ARig.Task(status: "stopping"));
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1}""");
        var again = await CancelAsync();
        Assert.Equal(
            ("true", "TASK_STATE_CANCELED"),
            (again.Headers["Idempotency-Replayed"], again.Json["status"]!["state"]!.GetValue<string>()));
        await mesh.RegisterAsync("a");
        var late = await CancelAsync();
        Assert.Equal(("true", "a.1.1"), (late.Headers["Idempotency-Replayed"], late.Json["id"]!.GetValue<string>()));
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Cancel_OfALifeThatIsOver_LeavesItsSuccessorAlone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Task<Reply> next, cancelled;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            next = mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
            await held.WaitingAsync(1);
            cancelled = mesh.A2AAsync(HttpMethod.Post, "agents/a/a2a/tasks/a.1.1:cancel");
            await held.WaitingAsync(2);
        }

        Assert.Equal(201, (await next).Status);
        (await cancelled).ShouldBeNamedByA2A(404, "NOT_FOUND", "TASK_NOT_FOUND");
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    [Theory]
    [InlineData("tasks/a.1.1")]
    [InlineData("tasks")]
    public async Task Task_BeyondTheKeysReach_IsAsIfThereWereNoAgent(string path)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var key = await mesh.MintAsync("""{"scopes":["mesh:read","steer","kill"],"within":["agent:b"]}""");
        foreach (var (method, at) in new[]
        {
            (HttpMethod.Get, path), (HttpMethod.Post, "message:send"), (HttpMethod.Post, "tasks/a.1.1:cancel"),
            (HttpMethod.Post, "tasks/a.1.1:subscribe"), (HttpMethod.Post, "message:stream"),
        })
        {
            var body = at.StartsWith("message", StringComparison.Ordinal) ? A2ARig.Message("m") : null;
            var beyond = (await mesh.A2AAsync(method, $"agents/a/a2a/{at}", body, key)).ShouldBeA2AError(
                404, "NOT_FOUND", "AGENT_NOT_FOUND");
            var absent = await mesh.A2AAsync(method, $"agents/c/a2a/{at.Replace("a.1.1", "c.1.1", StringComparison.Ordinal)}", body, key);
            Assert.Equal(beyond.Text.Replace("'a'", "'c'", StringComparison.Ordinal), absent.Text);
        }

        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    private static async Task SteerAsync(MeshHost mesh, int times, string message)
    {
        var steers = Enumerable.Repeat($$"""{"agent_id":"a","direction":"x","message":"{{message}}"}""", times);
        (await mesh.PostAsync("steers", $$"""{"steers":[{{string.Join(',', steers)}}]}""")).ShouldBeOk();
    }

    private static string Ended(string state, string words) => A2ARig.Task(status: "dead", differs: $$"""
        "status":{"state":"{{state}}","timestamp":"{{Rows.At(2)}}","message":{{A2ARig.Answered("*", words)}}}
        """);
}
