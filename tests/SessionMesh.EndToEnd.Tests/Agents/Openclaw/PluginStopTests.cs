using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>OpenClaw's plugin holds and stops sessions.</summary>
public sealed class PluginStopTests
{
    private const string Main = PluginScene.Main;

    [Fact]
    public async Task Pause_IsAcknowledgedWhenACallWaits_AndResumeLetsItGo()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, """ "verb": "pause" """);
        var call = await PluginScene.HeldAsync(host);
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
        await using var host = await PluginScene.WithRunAsync();
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
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, """ "verb": "pause" """);
        var call = await PluginScene.HeldAsync(host);
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
        await using var host = await PluginScene.WithRunAsync();
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
        await using var host = await PluginScene.WithRunAsync();
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
        await using var host = await PluginScene.WithRunAsync();
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
        await using var host = await PluginScene.WithRunAsync(platform: "darwin");
        await host.Mesh.DoneAsync($"session-mesh kill {Main} --yes");
        Assert.Equal(
            "stopped; its processes were not looked for, which is done on Linux alone",
            (await host.AgentAsync(Main)).Json.GetProperty("last_exit").Text("reason"));
    }

    [Fact]
    public async Task AGatewayThatTakesNoCalls_IsToldOnce_UntilItTakesThem()
    {
        await using var host = await PluginScene.WithRunAsync();
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

    [Fact]
    public async Task TheGateway_HearsNoWords_AndItsKillIsThatOfItsSessions()
    {
        await using var host = await PluginScene.WithRunAsync();
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
}
