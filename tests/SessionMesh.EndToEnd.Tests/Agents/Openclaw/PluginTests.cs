using System.Text.Json;
using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>OpenClaw's plugin, fed with what OpenClaw really gives its hooks.</summary>
public sealed class PluginTests
{
    private const string Main = "openclaw-45d27563";

    [Fact]
    public async Task EverySample_IsTaken_AndItsSessionIsInTheMesh()
    {
        await using var host = await PluginHost.StartAsync(hold: 100);
        foreach (var file in Directory.EnumerateFiles(PluginHost.Samples).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file).Split('.');
            var input = await File.ReadAllTextAsync(file);
            var taken = name[0] switch
            {
                "agentEvent" => host.RunAsync(input),
                "agentToolResultMiddleware" => host.ResultAsync(input),
                "gateway_stop" => Task.CompletedTask,
                var hook => host.HookAsync(hook, input),
            };
            await taken;
        }

        await host.AgentAsync("openclaw-1eebb62e");
        Assert.Equal("ok", (await host.LedgerAsync()).Text("outcome"));
        Assert.DoesNotContain("unhandled", host.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASession_IsAnAgent_BelowTheGateway_UntilItEnds()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        var row = (await host.AgentAsync(Main)).Json;
        Assert.Equal(host.GatewayId, row.Text("parent_id"));
        Members.Equal("""["main"]""", row.GetProperty("specializations"));
        Members.Equal(
            $$"""{"agent": "openclaw", "project": "project", "host": "{{Environment.MachineName}}"}""", row.GetProperty("labels"));

        await host.HookAsync("session_end", PluginHost.Sample("session_end"));
        var ended = await host.AgentAsync(Main, now => now.Text("status") == "dead");
        Assert.Equal("shutdown", ended.Json.GetProperty("last_exit").Text("reason"));
    }

    [Fact]
    public async Task ASubAgent_IsBelowTheSessionThatAskedForIt_WhateverComesFirst()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call.in-subagent"));
        await host.HookAsync("subagent_spawned", PluginHost.Sample("subagent_spawned"));
        await host.HookAsync(
            "session_start", PluginHost.Sample("session_start", ("agent:main:main", "agent:main:a-sub-parent-abort")));
        var child = (await host.Mesh.Http.GetAsync("alive?label=name=helper&wait=20")).Json.GetProperty("sessions")[0];
        Assert.Matches(@"^openclaw-[0-9a-f]{8}\.07319a7a$", child.Text("agent_id"));
        Assert.Equal(child.Text("agent_id")!.Split('.')[0], child.Text("parent_id"));

        await host.RunAsync(PluginHost.Sample("agentEvent.lifecycle.error.in-subagent"));
        await host.AgentAsync(child.Text("agent_id")!, now => now.Text("status") == "dead");
    }

    [Fact]
    public async Task AnId_ThatAnotherAgentHas_IsMadeLonger()
    {
        await using var host = await PluginHost.StartAsync();
        await host.Mesh.Http.PostAsync("agents", $$"""{"agent_id": "{{Main}}"}""");
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync("openclaw-45d27563-9bef");
    }

    [Fact]
    public async Task ASession_ThatNobodyUsedForADay_IsLetGo_AndIsBackWhenItIsUsed()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync(Main);
        await host.PassAsync(TimeSpan.FromHours(23));
        await host.HookAsync("message_received", PluginHost.Sample("message_received"));
        await host.PassAsync(TimeSpan.FromHours(23));
        await host.HeardAsync(Main);
        await host.PassAsync(TimeSpan.FromHours(2));
        var gone = await host.AgentAsync(Main, row => row.Text("status") == "dead");
        Assert.Equal("not used for 24 hours", gone.Json.GetProperty("last_exit").Text("reason"));
        Assert.Equal("alive", (await host.AgentAsync(host.GatewayId)).Text("status"));

        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync(Main, row => row.Text("status") == "alive" && row.Number("incarnation") == 2);
    }

    [Fact]
    public async Task ASession_WithARun_IsKept_HoweverLongItTakes()
    {
        await using var host = await WithRunAsync();
        await host.PassAsync(TimeSpan.FromHours(48));
        await host.HeardAsync(Main);
        Assert.Equal("alive", (await host.AgentAsync(Main)).Text("status"));
    }

    [Fact]
    public async Task Steer_IsHandedOverWithTheToolsResult_AndAcknowledgedWhenTheModelIsAsked()
    {
        await using var host = await WithRunAsync();
        var sent = await host.SteerAsync(Main, """ "direction": "east", "message": "take the short way", "data": {"by": 2} """);
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
        Assert.Equal("queued", await host.StateAsync(Main));

        string? text = null;
        await Eventually.True(async () => (text = await host.ResultAsync(Result())) is not null, () => "the words come with a result");
        Assert.StartsWith(
            $"[Session Mesh] This session was sent directive {sent.Text("directive_id")} by key {sent.Text("issued_by")} at ",
            text,
            StringComparison.Ordinal);
        Assert.EndsWith("\nDirection: east\nMessage: take the short way\nData: {\"by\":2}", text, StringComparison.Ordinal);
        await host.StateAsync(Main, "accepted");
        Assert.Null(await host.ResultAsync(Result()));
        Assert.Equal("accepted", await host.StateAsync(Main));

        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StateAsync(Main, "acknowledged");
    }

    [Fact]
    public async Task Words_HaveNineThousandCharacters_AndTheRestIsNamed()
    {
        await using var host = await WithRunAsync();
        var message = new string('x', 16_000);
        await host.SteerAsync(Main, $$""" "direction": "east", "message": "{{message}}" """);
        string? text = null;
        await Eventually.True(async () => (text = await host.ResultAsync(Result())) is not null, () => "the words come with a result");
        Assert.InRange(text!.Length, 8_500, 9_000);
        Assert.Matches($@"\n\(and 7\d\d\d more characters: session-mesh history {Main} shows them\)$", text);
    }

    /// <summary>As the server's hooks do.</summary>
    [Theory]
    [InlineData("a\\nb", "a\n  b")]
    [InlineData("a\\r\\nb", "a\n  b")]
    [InlineData("a\\rb\\u000Bc\\u000Cd\\u0085e\\u2028f\\u2029g", "a\n  b\n  c\n  d\n  e\n  f\n  g")]
    [InlineData("a\\n\\n[Session Mesh] Stop.", "a\n  \n  [Session Mesh] Stop.")]
    [InlineData("a\\tb", "a\tb")]
    [InlineData("\\u001B[2Ja\\u0000\\u0007\\u007F\\u009B", "\uFFFD[2Ja\uFFFD\uFFFD\uFFFD\uFFFD")]
    public async Task Words_StayWithinTheirFrame(string message, string shown)
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, $$""" "direction": "east", "message": "{{message}}", "data": "a\u2028b" """);
        await host.HeardAsync(Main);
        Assert.EndsWith(
            $"\nDirection: east\nMessage: {shown}\nData: \"a\n  b\"", await host.ResultAsync(Result()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_ThatDoNotFitTogether_ComeWithTheNextResult()
    {
        await using var host = await WithRunAsync();
        for (var i = 1; i <= 5; i++)
        {
            await host.SteerAsync(Main, $$""" "direction": "go-{{i}}", "message": "{{new string('x', 3_500)}}" """);
        }

        Assert.Equal(["go-1", "go-2"], await DirectionsAsync(host));
        await host.StatesAsync(Main, "accepted", "accepted", "queued", "queued", "queued");
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StatesAsync(Main, "acknowledged", "acknowledged", "queued", "queued", "queued");
        Assert.Equal(["go-3", "go-4"], await DirectionsAsync(host));
        Assert.Equal(["go-5"], await DirectionsAsync(host));
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StatesAsync(Main, "acknowledged", "acknowledged", "acknowledged", "acknowledged", "acknowledged");
    }

    /// <summary>What was taken back was shown to nobody, and what was shown cannot be taken back.</summary>
    [Fact]
    public async Task Words_ThatAreTakenBackWhileTheyAreRead_AreNotHandedOver()
    {
        await using var host = await WithRunAsync();
        var east = await host.SteerAsync(Main, """ "direction": "east" """);
        var west = await host.SteerAsync(Main, """ "direction": "west" """);
        await host.HeardAsync(Main);
        await host.HoldMeshAsync("/ack");
        var result = host.ResultAsync(Result());
        await Eventually.True(
            async () => (await host.CallsAsync("mesh")).Any(path => ((string?)path)!.EndsWith("/ack", StringComparison.Ordinal)),
            () => "they were read");
        await host.Mesh.DoneAsync($"session-mesh cancel {east.Text("directive_id")}");
        await host.HoldMeshAsync(null);
        Assert.EndsWith("\nDirection: west", await result, StringComparison.Ordinal);
        Assert.DoesNotContain("Direction: east", await result, StringComparison.Ordinal);
        await host.StatesAsync(Main, "cancelled", "accepted", "acknowledged");
        var late = await host.Mesh.Http.DeleteAsync($"directives/{west.Text("directive_id")}");
        Assert.Equal(409, late.Status);
    }

    [Theory]
    [InlineData("""{"content": "no list"}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task AResult_ThatTakesNoText_TakesNoWords(string result)
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.HeardAsync(Main);
        var input = JsonNode.Parse(Result())!;
        input["event"]!["result"] = JsonNode.Parse(result);
        Assert.Null(await host.ResultAsync(input.ToJsonString()));
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StatesAsync(Main, "queued", "acknowledged");
        Assert.EndsWith("\nDirection: east", await host.ResultAsync(Result()), StringComparison.Ordinal);
        await host.StatesAsync(Main, "accepted", "acknowledged");
    }

    [Fact]
    public async Task Results_AtTheSameTime_DoNotWaitForOneLookAfterTheOther()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.HeardAsync(Main);
        await host.HoldMeshAsync("/history");
        var before = await host.LooksAsync(Main);
        var first = host.ResultAsync(Result());
        await Eventually.True(async () => await host.LooksAsync(Main) > before, () => "the first looks");
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.ResultAsync(Result()))), Assert.Null);
        Assert.Equal(before + 1, await host.LooksAsync(Main));
        Assert.False(first.IsCompleted);
        await host.HoldMeshAsync(null);
        Assert.EndsWith("\nDirection: east", await first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steer_ToAnIdleSession_IsQueued_UntilTheGatewayHasTakenTheMessage()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync(Main);
        await host.AnswerAsync("""{"method": "chat.send", "error": "not now"}""");
        await host.SteerAsync(Main, """ "direction": "east" """);
        await Eventually.True(
            () => host.Printed.Contains("could not be woken: not now", StringComparison.Ordinal), () => $"it is refused\n{host.Printed}");
        await host.StateAsync(Main, "queued");

        await host.AnswerAsync("""{"method": "chat.send", "isHeld": true}""");
        await host.SteerAsync(Main, """ "direction": "west" """);
        await Eventually.True(async () => (await host.CallsAsync("chat.send")).Count == 2, () => $"it is woken again\n{host.Printed}");
        await host.StatesAsync(Main, "queued", "queued");
        await host.AnswerAsync("""{"method": "chat.send"}""");
        await host.StatesAsync(Main, "accepted", "accepted");
        Assert.Equal(["east", "west"], DirectionsOf((string)(await host.CallsAsync("chat.send"))[1]["message"]!));
    }

    [Fact]
    public async Task Words_OfARunThatEndedBeforeTheModelWasAsked_WakeTheSession()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await Eventually.True(async () => await host.ResultAsync(Result()) is not null, () => "the words come with a result");
        await host.RunAsync(Run("end"));

        await Eventually.True(async () => (await host.CallsAsync("chat.send")).Count == 1, () => $"the session is woken\n{host.Printed}");
        var send = (await host.CallsAsync("chat.send"))[0];
        Assert.Equal("agent:main:main", (string?)send["sessionKey"]);
        Assert.EndsWith("\nDirection: east", (string?)send["message"], StringComparison.Ordinal);
        await host.StateAsync(Main, "accepted");

        var run = (string)send["idempotencyKey"]!;
        await host.GatewayAsync($$"""
            {"event": "session.message", "payload": {
              "sessionKey": "agent:main:main", "message": {"role": "user", "idempotencyKey": "{{run}}:user"} } }
            """);
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started", ("b4005d15-1c9e-45fe-a2a3-e4591a243762", run)));
        await host.StateAsync(Main, "acknowledged");
    }

    [Fact]
    public async Task Pause_IsAcknowledgedWhenACallWaits_AndResumeLetsItGo()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "verb": "pause" """);
        var call = await HeldAsync(host);
        Assert.Equal("true", (await host.AgentAsync(Main, row => row.Text("paused") == "true")).Text("paused"));
        await host.AgentAsync(Main, row => row.Text("note") == "paused before exec" && row.Text("activity") == "waiting");
        Assert.False(call.IsCompleted);

        await host.SteerAsync(Main, """ "verb": "resume" """);
        Assert.Null(await call);
        await host.StateAsync(Main, "acknowledged");
        await host.AgentAsync(Main, row => row.Text("paused") == "false" && row.Text("activity") == "working");
    }

    /// <summary>As the server's hooks say it.</summary>
    [Fact]
    public async Task Pauses_ThatHeldNothing_AreAcknowledgedByTheResume()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "verb": "pause" """);
        await host.SteerAsync(Main, """ "verb": "pause" """);
        await host.SteerAsync(Main, """ "verb": "resume" """);
        await host.StatesAsync(Main, "acknowledged", "acknowledged", "acknowledged");
        Assert.Equal(
            ["it runs", "over before its next tool", "over before its next tool"],
            (await host.Mesh.Http.GetAsync($"agents/{Main}/directives/history")).Json.GetProperty("directives").EnumerateArray()
                .Select(row => row.Text("note")));
        Assert.Equal("false", (await host.AgentAsync(Main)).Text("paused"));
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
    }

    [Fact]
    public async Task Pause_LongerThanACallMayWait_BlocksItWithTheReason()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "verb": "pause" """);
        var call = await HeldAsync(host);
        await host.PassAsync(TimeSpan.FromSeconds(589));
        Assert.False(call.IsCompleted);
        await host.PassAsync(TimeSpan.FromSeconds(1));
        var answer = await call;
        Assert.Equal("true", answer!["block"]!.ToJsonString());
        Assert.Contains("paused this session", (string?)answer["blockReason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_DeniesAborts_Cancels_AndEndsWhatCarriesTheMark()
    {
        await using var host = await WithRunAsync();
        await host.AnswerAsync("""
            {"method": "tasks.list", "payload": {"tasks": [
              {"taskId": "t1", "kind": "exec", "status": "running", "sessionKey": "agent:main:main"},
              {"taskId": "t2", "kind": "exec", "status": "failed", "sessionKey": "agent:main:main"},
              {"taskId": "t3", "kind": "exec", "status": "running", "sessionKey": "agent:main:other"}]} }
            """);
        var variables = await host.HookAsync("resolve_exec_env", """{"event": {"sessionKey": "agent:main:main"}, "ctx": {}}""");
        var (name, mark) = Assert.Single(variables!.AsObject());
        using var left = new Started(
            "bash", ["-c", "trap '' TERM; while :; do sleep 18301; done"],
            new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, [name] = (string)mark! }, "/");

        await host.Mesh.DoneAsync($"session-mesh kill {Main} --yes");
        Assert.Equal(128 + Signal.Kill, await left.ExitAsync());
        Assert.Equal("agent:main:main", (string?)Assert.Single(await host.CallsAsync("sessions.abort"))["key"]);
        Assert.Equal("t1", (string?)Assert.Single(await host.CallsAsync("tasks.cancel"))["taskId"]);
        var row = (await host.AgentAsync(Main)).Json;
        Members.Equal(
            """{"confirmed": true, "exit_code": null, "signal": null, "reason": "stopped; no process of it is left", "at": "<time>"}""",
            row.GetProperty("last_exit"));
        var denied = await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call"));
        Assert.Equal("Session Mesh stopped this session: no tool is run any more.", (string?)denied!["blockReason"]);

        await host.HookAsync("message_received", PluginHost.Sample("message_received"));
        await host.AgentAsync(Main, now => now.Text("status") == "alive" && now.Number("incarnation") == 2);
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
    }

    [Fact]
    public async Task Stop_ThatTheGatewayDoesNotTake_IsTriedAgain()
    {
        await using var host = await WithRunAsync();
        await host.AnswerAsync("""{"method": "sessions.abort", "error": "not now"}""");
        Assert.True((await host.Mesh.Http.DeleteAsync($"agents/{Main}?grace=600")).IsDone);
        await Eventually.True(async () => (await host.CallsAsync("sessions.abort")).Count == 1, () => "it is tried");
        await host.AnswerAsync("""{"method": "sessions.abort"}""");
        await host.PassAsync(TimeSpan.FromSeconds(1));
        var row = await host.AgentAsync(Main, now => now.Text("status") == "dead");
        Assert.Equal("stopped; no process of it is left", row.Json.GetProperty("last_exit").Text("reason"));
    }

    [Fact]
    public async Task Stop_ThatTheGatewayNeverTakes_IsRejectedWhenItsGraceIsOver_AndNoEndIsReported()
    {
        await using var host = await WithRunAsync();
        await host.AnswerAsync("""{"method": "sessions.abort", "error": "not now"}""");
        await host.AnswerAsync("""{"method": "tasks.list", "error": "nor this"}""");
        Assert.True((await host.Mesh.Http.DeleteAsync($"agents/{Main}?grace=600")).IsDone);
        await host.StateAsync(Main, "accepted");
        await host.PassAsync(TimeSpan.FromSeconds(599));
        Assert.Equal("accepted", await host.StateAsync(Main));
        await Eventually.True(
            async () =>
            {
                await host.PassAsync(TimeSpan.FromSeconds(1));
                return await host.StateAsync(Main) == "rejected";
            },
            () => $"it is rejected\n{host.Printed}");
        Assert.Equal(
            "its tools are denied, but it may still run; its run was not aborted: not now; "
            + "its background commands were not cancelled: nor this",
            (await host.Mesh.Http.GetAsync($"agents/{Main}/directives/history")).Json.GetProperty("directives")[0].Text("note"));
        var row = await host.AgentAsync(Main);
        Assert.Equal("stopping", row.Text("status"));
        Assert.Equal(JsonValueKind.Null, row.Json.GetProperty("last_exit").ValueKind);
        var denied = await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call"));
        Assert.Equal("Session Mesh stopped this session: no tool is run any more.", (string?)denied!["blockReason"]);
    }

    [Fact]
    public async Task Stop_WhereProcessesAreNotLookedFor_SaysSo()
    {
        await using var host = await WithRunAsync(platform: "darwin");
        await host.Mesh.DoneAsync($"session-mesh kill {Main} --yes");
        Assert.Equal(
            "stopped; its processes were not looked for, which is done on Linux alone",
            (await host.AgentAsync(Main)).Json.GetProperty("last_exit").Text("reason"));
    }

    [Fact]
    public async Task AGatewayThatTakesNoCalls_IsToldOnce_UntilItTakesThem()
    {
        await using var host = await WithRunAsync();
        await host.AnswerAsync("""{"method": "connect", "error": "no token"}""");
        await host.GatewayAsync("""{"isLost": true}""");
        for (var i = 1; i <= 3; i++)
        {
            await Eventually.True(async () => (await host.CallsAsync("connect")).Count > i, () => $"it connects again\n{host.Printed}");
            await host.PassAsync(TimeSpan.FromSeconds(10));
        }

        await host.AnswerAsync("""{"method": "connect"}""");
        await host.PassAsync(TimeSpan.FromSeconds(10));
        await Eventually.True(() => host.Printed.Contains("takes the plugin's calls again", StringComparison.Ordinal), () => host.Printed);
        Assert.Equal(
            ["the gateway's own port does not take the plugin's calls, so that nothing is woken or aborted: no token",
                "the gateway's own port takes the plugin's calls again"],
            host.Printed.Split('\n').Where(line => line.Contains("own port", StringComparison.Ordinal)).Select(line => line[14..]));
    }

    /// <summary>The mesh does not answer: nothing but the time-out of a call ends what waits for it.</summary>
    [Fact]
    public async Task MeshThatHangs_HoldsAResultUpForASecond_AndNoOtherHook()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.HeardAsync(Main);
        await host.HoldMeshAsync("");
        var before = await host.LooksAsync(Main);
        var result = host.ResultAsync(Result());
        await Eventually.True(async () => await host.LooksAsync(Main) > before, () => "it looks for the words");
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
        Assert.Null(await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started")));
        await host.PassAsync(TimeSpan.FromMilliseconds(999));
        Assert.False(result.IsCompleted);
        await host.PassAsync(TimeSpan.FromMilliseconds(1));
        Assert.StartsWith("[Session Mesh] The mesh cannot be reached", await result, StringComparison.Ordinal);

        // From then on no result waits for it, and the session is told no more.
        Assert.Null(await host.ResultAsync(Result()));
        Assert.Equal(before + 1, await host.LooksAsync(Main));
        Assert.Equal("slow", (await host.LedgerAsync()).Text("outcome"));
    }

    [Fact]
    public async Task MeshAway_TheSessionIsToldOnce_AndTheWordsComeLate()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.Mesh.Server.KillAsync();
        await Eventually.True(() => host.Printed.Contains("the mesh cannot be reached", StringComparison.Ordinal), () => host.Printed);
        var looks = await host.LooksAsync(Main);
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
        Assert.StartsWith("[Session Mesh] The mesh cannot be reached", await host.ResultAsync(Result()), StringComparison.Ordinal);
        Assert.Null(await host.ResultAsync(Result()));
        Assert.Equal(looks, await host.LooksAsync(Main));
        Assert.Equal("unreachable", (await host.LedgerAsync()).Text("outcome"));

        await host.Mesh.Server.StartAsync();
        string? text = null;
        await Eventually.True(
            async () =>
            {
                await host.PassAsync(TimeSpan.FromSeconds(10));
                return (text = await host.ResultAsync(Result())) is not null;
            },
            () => $"the words come late\n{host.Printed}");
        Assert.EndsWith("\nDirection: east", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MeshAway_WhenASessionEnds_IsToldOfItLater()
    {
        await using var host = await WithRunAsync();
        await host.Mesh.Server.KillAsync();
        await host.HookAsync("session_end", PluginHost.Sample("session_end"));
        await Eventually.True(() => host.Printed.Contains("the mesh cannot be reached", StringComparison.Ordinal), () => host.Printed);
        await host.Mesh.Server.StartAsync();
        await host.AgentAsync(Main, row => row.Text("status") == "dead");
    }

    [Fact]
    public async Task Steer_ToAPausedSession_WakesItOnlyWhenItIsResumed()
    {
        await using var host = await WithRunAsync();
        await host.RunAsync(Run("end"));
        await host.SteerAsync(Main, """ "verb": "pause" """);
        var paused = await host.AgentAsync(Main, row => row.Text("paused") == "true");
        Assert.Equal("waiting", paused.Text("activity"));
        Assert.Equal(
            "idle: its next tool call will wait",
            (await host.Mesh.Http.GetAsync($"agents/{Main}/directives/history")).Json.GetProperty("directives")[0].Text("note"));

        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.SteerAsync(Main, """ "verb": "resume" """);
        await Eventually.True(async () => (await host.CallsAsync("chat.send")).Count == 1, () => $"the session is woken\n{host.Printed}");
        await host.AgentAsync(Main, row => row.Text("paused") == "false");
    }

    [Fact]
    public async Task TheGateway_HearsNoWords_AndItsKillIsThatOfItsSessions()
    {
        await using var host = await WithRunAsync();
        await host.SteerAsync(host.GatewayId, """ "direction": "east" """);
        await host.StateAsync(host.GatewayId, "rejected");

        await host.Mesh.DoneAsync($"session-mesh kill {host.GatewayId} --yes");
        var gateway = await host.AgentAsync(host.GatewayId);
        Assert.Equal("stopped with its sessions; the gateway itself goes on", gateway.Json.GetProperty("last_exit").Text("reason"));
        Assert.Equal("dead", (await host.AgentAsync(Main)).Text("status"));
        Assert.Single(await host.CallsAsync("sessions.abort"));

        await host.HookAsync("message_received", PluginHost.Sample("message_received"));
        await host.AgentAsync(Main, row => row.Text("status") == "alive");
        Assert.Equal("alive", (await host.AgentAsync(host.GatewayId)).Text("status"));
    }

    [Fact]
    public async Task TheKey_IsForTheGatewaysAgents_AndNobodyElses()
    {
        await using var host = await WithRunAsync();
        await host.Mesh.Http.PostAsync("agents", """{"agent_id": "other"}""");
        var said = await host.Mesh.DoneAsync("session-mesh hook openclaw --key");
        using var http = new MeshHttp(host.Mesh.Server.Url, said.Json.Text("token")!);
        Assert.Equal(200, (await http.GetAsync($"agents/{Main}")).Status);
        Assert.Equal(404, (await http.GetAsync("agents/other")).Status);
        Assert.Equal(404, (await http.PostAsync("agents/other/exit", """{"incarnation": 1}""")).Status);
        Assert.Equal(403, (await http.PostAsync("steer", $$"""{"agent_id": "{{Main}}", "direction": "east"}""")).Status);
        Assert.Equal(403, (await http.PostAsync("keys", "{}")).Status);
    }

    /// <summary>A plugin with one session, which has a run.</summary>
    private static async Task<PluginHost> WithRunAsync(int hold = 600_000, string platform = "linux")
    {
        var host = await PluginHost.StartAsync(hold, platform);
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.RunAsync(Run("start"));
        await host.AgentAsync(Main, row => row.Text("activity") == "working");
        return host;
    }

    /// <summary>The directions in the next result that has any.</summary>
    private static async Task<IEnumerable<string>> DirectionsAsync(PluginHost host)
    {
        string? text = null;
        await Eventually.True(async () => (text = await host.ResultAsync(Result())) is not null, () => "the words come with a result");
        Assert.InRange(text!.Length, 1, 9_000);
        return DirectionsOf(text);
    }

    private static IEnumerable<string> DirectionsOf(string text)
    {
        const string Begin = "Direction: ";
        return text.Split('\n').Where(line => line.StartsWith(Begin, StringComparison.Ordinal)).Select(line => line[Begin.Length..]);
    }

    /// <summary>A tool call that is held: they are let through until the plugin has heard of the pause.</summary>
    private static async Task<Task<JsonNode?>> HeldAsync(PluginHost host)
    {
        Task<JsonNode?>? call = null;
        await Eventually.True(
            async () =>
            {
                if (call is null || (call.IsCompleted && await call is null))
                {
                    call = host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call"));
                }

                // The pause is acknowledged when it holds a call.
                return (await host.Mesh.Http.GetAsync($"agents/{Main}")).Text("paused") == "true";
            },
            () => "a tool call waits");
        return call!;
    }

    private static string Run(string phase) => PluginHost.Sample(
        "agentEvent.lifecycle.start",
        ("agent:main:t-deny", "agent:main:main"),
        ("1eebb62e-ed32-4441-bcf0-90ab7b545a05", "45d27563-9bef-4517-bf8f-c13be1de98c8"),
        ("b9ebff7e-3821-4dc0-b283-48d597bb2992", "b4005d15-1c9e-45fe-a2a3-e4591a243762"),
        ("\"phase\": \"start\"", $"\"phase\": \"{phase}\""));

    private static string Result() => PluginHost.Sample(
        "agentToolResultMiddleware",
        ("agent:main:t-deny", "agent:main:main"),
        ("1eebb62e-ed32-4441-bcf0-90ab7b545a05", "45d27563-9bef-4517-bf8f-c13be1de98c8"),
        ("b9ebff7e-3821-4dc0-b283-48d597bb2992", "b4005d15-1c9e-45fe-a2a3-e4591a243762"));
}
