using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>Pause, resume and kill of an agent that is reached by hooks.</summary>
public sealed class HookControlTests
{
    [Fact]
    public async Task Pause_HoldsTheNextTool_UntilResumed()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit");
        var pause = await hooked.SteerAsync(more: """ "verb":"pause" """);
        await hooked.PassAsync("PostToolUse");
        Assert.Equal("queued", await hooked.StateAsync(pause));
        var held = hooked.TakeAsync("PreToolUse");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(570));
        Assert.Equal(("acknowledged", "held at its next tool"), await NoteAsync(hooked, pause));
        Assert.True((await hooked.AgentAsync())["paused"]!.GetValue<bool>());
        var resume = await hooked.SteerAsync(more: """ "verb":"resume" """);
        (await held).ShouldBe(200, "{}");
        Assert.Equal(("acknowledged", "it runs"), await NoteAsync(hooked, resume));
        Assert.False((await hooked.AgentAsync())["paused"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData(HookedMesh.Claude)]
    [InlineData(HookedMesh.Codex)]
    public async Task Pause_ThatIsNotTakenBackInTime_DeniesTheTool(string program)
    {
        await using var hooked = await HookedMesh.StartAsync(program);
        await hooked.PassAsync("SessionStart");
        await hooked.SteerAsync(more: """ "verb":"pause" """);
        var held = hooked.TakeAsync("PreToolUse");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(570));
        (await hooked.Mesh.AdvanceUntilAsync(held, 570)).ShouldBe(200, new JsonObject
        {
            ["hookSpecificOutput"] = new JsonObject
            {
                ["hookEventName"] = "PreToolUse",
                ["permissionDecision"] = "deny",
                ["permissionDecisionReason"] = $"Session Mesh: an operator has paused this agent, {hooked.Main}, and has not resumed it in "
                    + "time. This tool was not run. It may be tried again.",
            },
        }.ToJsonString());
        Assert.True((await hooked.AgentAsync())["paused"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Pause_OfACallerThatAsksAgain_IsHeldCallByCall()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        await hooked.SteerAsync(more: """ "verb":"pause" """);
        Assert.Equal("hold", (await hooked.TakeAsync("PreToolUse", query: "?hold=0")).ShouldBe(200, "{}").Headers["X-Mesh-Again"]);
        var held = hooked.TakeAsync("PreToolUse", query: "?hold=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        var steer = await hooked.SteerAsync();
        await hooked.SteerAsync(more: """ "verb":"resume" """);
        Assert.Equal(hooked.Words(steer), (await held).Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>());
        await hooked.SteerAsync(more: """ "verb":"pause" """);
        var denied = await hooked.TakeAsync("PreToolUse", query: "?hold=0&deny=true");
        Assert.Equal("deny", denied.Json["hookSpecificOutput"]!["permissionDecision"]!.GetValue<string>());
    }

    [Fact]
    public async Task Pause_ThatIsTakenBackBeforeATool_HoldsNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var pause = await hooked.SteerAsync(more: """ "verb":"pause" """);
        await hooked.SteerAsync(more: """ "verb":"resume" """);
        await hooked.PassAsync("PreToolUse");
        Assert.Equal(("acknowledged", "over before its next tool"), await NoteAsync(hooked, pause));
    }

    private const string Denied =
        """ "hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"$"} """;

    public static TheoryData<string, string, string> Ends() => new()
    {
        { HookedMesh.Claude, "PreToolUse", """{"continue":false,"stopReason":"$",""" + Denied + "}" },
        { HookedMesh.Claude, "PostToolUse", """{"continue":false,"stopReason":"$"}""" },
        { HookedMesh.Claude, "PostToolBatch", """{"continue":false,"stopReason":"$"}""" },
        { HookedMesh.Claude, "UserPromptSubmit", """{"continue":false,"stopReason":"$"}""" },
        { HookedMesh.Claude, "Stop", """{"continue":false,"stopReason":"$"}""" },
        { HookedMesh.Claude, "Notification", "{}" },
        { HookedMesh.Codex, "PreToolUse", "{" + Denied + "}" },
        { HookedMesh.Codex, "PostToolUse", "{}" },
        { HookedMesh.Codex, "UserPromptSubmit", """{"continue":false,"stopReason":"$"}""" },
        { HookedMesh.Codex, "Stop", """{"continue":false,"stopReason":"$"}""" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task Kill_EndsTheAgent_AtTheNextEvent(string program, string sample, string answer)
    {
        await using var hooked = await HookedMesh.StartAsync(program);
        await hooked.PassAsync("SessionStart");
        await hooked.Mesh.DeleteAsync($"agents/{hooked.Main}?grace=30");
        var words = $"Session Mesh: an operator has stopped this agent, {hooked.Main}. No tool runs any more.";
        (await hooked.TakeAsync(sample)).ShouldBe(200, answer.Replace("$", words, StringComparison.Ordinal));
        Assert.Equal("stopping", (await hooked.AgentAsync())["status"]!.GetValue<string>());
    }

    /// <summary>That a hook said so ends no process: the end is for the watcher to report.</summary>
    [Fact]
    public async Task SessionEnd_WhileAStopIsOnItsWay_ConfirmsNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        await hooked.Mesh.DeleteAsync($"agents/{hooked.Main}?grace=30");
        await hooked.PassAsync("SessionEnd");
        Assert.Equal("stopping", (await hooked.AgentAsync())["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Kill_OfASubAgentAlone_EndsThatOne_AndIsConfirmedWhenItsToolReturns()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "sub");
        var sub = hooked.Main + ".sub";
        await hooked.Mesh.DeleteAsync($"agents/{sub}?grace=30");
        Assert.False((await hooked.TakeAsync("PreToolUse.in-subagent", "sub")).Json["continue"]!.GetValue<bool>());
        await hooked.PassAsync("PreToolUse");
        await hooked.TakeAsync("PostToolUse.Agent", change: happening => happening["tool_response"]!["agentId"] = "sub");
        var exit = (await hooked.AgentAsync(sub))["last_exit"]!;
        Assert.Equal(
            (true, "it was stopped, and has ended"), (exit["confirmed"]!.GetValue<bool>(), exit["reason"]!.GetValue<string>()));
        Assert.Equal("alive", (await hooked.AgentAsync())["status"]!.GetValue<string>());
    }

    /// <summary>In the background no tool of the one above tells of its end; its own stop does.</summary>
    [Theory]
    [InlineData(HookedMesh.Claude, "?grace=30")]
    [InlineData(HookedMesh.Claude, "?force=true")]
    [InlineData(HookedMesh.Codex, "?grace=30")]
    [InlineData(HookedMesh.Codex, "?force=true")]
    public async Task Kill_OfASubAgentAlone_IsConfirmedByItsOwnStop(string program, string query)
    {
        await using var hooked = await HookedMesh.StartAsync(program);
        await hooked.PassAsync("SessionStart");
        await hooked.TakeAsync("SubagentStart", "sub");
        var sub = hooked.Main + ".sub";
        await hooked.Mesh.DeleteAsync($"agents/{sub}{query}");
        Assert.False((await hooked.TakeAsync("SubagentStop", "sub")).Json["continue"]!.GetValue<bool>());
        var row = await hooked.AgentAsync(sub);
        Assert.Equal(("dead", true), (row["status"]!.GetValue<string>(), row["last_exit"]!["confirmed"]!.GetValue<bool>()));
        Assert.Equal("alive", (await hooked.AgentAsync())["status"]!.GetValue<string>());
    }

    /// <summary>By force, or past its grace: what is known of its end is the same, and comes later.</summary>
    [Theory]
    [InlineData("?force=true", 0)]
    [InlineData("?grace=5", 60)]
    public async Task Kill_OfASubAgentAlone_ThatWasDeclaredDead_IsConfirmedWhenItsToolReturns(string query, int after)
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "sub");
        var sub = hooked.Main + ".sub";
        await hooked.Mesh.DeleteAsync($"agents/{sub}{query}");
        await hooked.Mesh.AdvanceAsync(after);
        Assert.False((await hooked.AgentAsync(sub))["last_exit"]!["confirmed"]!.GetValue<bool>());
        Assert.False((await hooked.TakeAsync("PreToolUse.in-subagent", "sub")).Json["continue"]!.GetValue<bool>());
        Assert.False((await hooked.AgentAsync(sub))["last_exit"]!["confirmed"]!.GetValue<bool>());
        await hooked.TakeAsync("PostToolUse.Agent", change: happening => happening["tool_response"]!["agentId"] = "sub");
        Assert.True((await hooked.AgentAsync(sub))["last_exit"]!["confirmed"]!.GetValue<bool>());
        Assert.Equal("alive", (await hooked.AgentAsync())["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Kill_OfASubAgentByForce_IsConfirmedWhenItsToolReturns_AlsoAfterARestart()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "sub");
        var sub = hooked.Main + ".sub";
        await hooked.Mesh.DeleteAsync($"agents/{sub}?force=true");
        await hooked.Mesh.RestartAsync();
        Assert.False((await hooked.TakeAsync("PreToolUse.in-subagent", "sub")).Json["continue"]!.GetValue<bool>());
        await hooked.TakeAsync("PostToolUse.Agent", change: happening => happening["tool_response"]!["agentId"] = "sub");
        Assert.True((await hooked.AgentAsync(sub))["last_exit"]!["confirmed"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Agent_ThatWasKilledByForce_IsDeniedEveryTool()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        await hooked.Mesh.DeleteAsync($"agents/{hooked.Main}?force=true");
        var answer = (await hooked.TakeAsync("PreToolUse")).Json;
        Assert.False(answer["continue"]!.GetValue<bool>());
        Assert.Contains("session-mesh revive " + hooked.Main, answer["stopReason"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    private static async Task<(string State, string? Note)> NoteAsync(HookedMesh hooked, string directive)
    {
        var json = (await hooked.Mesh.GetAsync("directives/" + directive)).Json;
        return (json["state"]!.GetValue<string>(), json["note"]?.GetValue<string>());
    }
}
