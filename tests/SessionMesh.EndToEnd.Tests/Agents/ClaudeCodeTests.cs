using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>The real Claude Code against a scripted model.</summary>
public sealed class ClaudeCodeTests(Mesh mesh) : IClassFixture<Mesh>
{
    /// <summary>A tool that runs until a file is there: the test says how long.</summary>
    private const string Until = """until [ -e go ]; do /usr/bin/env sleep 0.1; done; rm go; echo past""";

    /// <summary>A tool that ignores TERM, with a child below it and one that has cut itself loose.</summary>
    private const string Stays = "trap '' TERM; (setsid /usr/bin/env sleep 100000 &) ; /usr/bin/env sleep 100000";

    [SkippableFact]
    public async Task Session_IsSeenWithItsSubAgent_AndSteeredInMidTurn()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"Bash","input":{"command":"{{Until}}","description":"wait"} },
                     {"tool":"Agent","input":{"description":"help","prompt":"SUBTASK one","subagent_type":"general-purpose",
                                              "run_in_background":false} },
                     {"text":"finished"}],
             "sub":[{"tool":"Bash","input":{"command":"{{Until}}","description":"wait"} },{"text":"sub finished"}]}
            """);
        using var claude = agent.Start(await AgentPrograms.ClaudeAsync(), "-p", "MAINTASK work", "--allowedTools", "Bash,Agent");
        var main = await agent.MainAsync();
        Assert.StartsWith("claude-", main, StringComparison.Ordinal);
        await mesh.Http.AgentAsync(main, row => row.Text("activity") == "working" && row.Text("note") == "Bash", "runs its tool");
        var directive = await agent.SteerAsync(main, "TURN-MARK");
        await GoAsync(agent);
        await agent.UntilAsync(directive, "acknowledged");
        Assert.Contains(agent.Model.Requests(), request => request.Contains("TURN-MARK", StringComparison.Ordinal));

        var sub = await agent.SubAgentAsync();
        var row = (await mesh.Http.GetAsync("agents/" + sub)).Json;
        Assert.Equal((main, "general-purpose"), (row.Text("parent_id"), row.GetProperty("specializations")[0].GetString()));
        await mesh.Http.AgentAsync(sub, row => row.Text("note") == "Bash", "runs its tool");
        var toSub = await agent.SteerAsync(sub, "SUB-MARK");
        await GoAsync(agent);
        await agent.UntilAsync(toSub, "acknowledged");
        Assert.Contains(
            agent.Model.Requests(),
            request => request.Contains("SUB-MARK", StringComparison.Ordinal) && !request.Contains("MAINTASK", StringComparison.Ordinal));

        // No hook holds it up at its end.
        var ran = await claude.EndAsync();
        Assert.Equal((0, "finished\n"), (ran.Code, ran.Out));
        await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
        await mesh.Http.AgentAsync(sub, row => row.Text("status") == "dead", "has ended");
    }

    [SkippableFact]
    public async Task Session_IsPausedBeforeATool_Resumed_AndKilledWithAllItLeft()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"Bash","input":{"command":"{{Until}}","description":"wait"} },
                     {"tool":"Bash","input":{"command":"{{Stays}}","description":"stay"} },
                     {"text":"finished"}]}
            """);
        using var claude = agent.Start(await AgentPrograms.ClaudeAsync(), "-p", "MAINTASK work", "--allowedTools", "Bash");
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Text("note") == "Bash", "runs its tool");
        var paused = agent.ToolAsync($"session-mesh pause {main} --wait-seconds 60s");
        await mesh.Http.AgentAsync(main, row => row.Number("pending") == 1, "is to pause");
        await GoAsync(agent);
        (await paused).Done();
        Assert.Empty(Sleepers(agent));
        (await agent.ToolAsync($"session-mesh resume {main} --wait-seconds 60s")).Done();
        await Eventually.True(() => Sleepers(agent).Count == 2, () => "the second tool runs");
        await agent.KillAsync(main, "--grace 4s");
        await claude.ExitAsync();
        Assert.Empty(Sleepers(agent));
    }

    /// <summary>While it answers, no event can carry the words but the stop: it goes on with them.</summary>
    [SkippableFact]
    public async Task Session_SteeredWhileItAnswers_GoesOnAtItsStop()
    {
        var answers = mesh.Scratch.File("claude-answers");
        using var agent = await PrepareAsync($$"""{"main":[{"text":"finished","until":"{{answers}}"},{"text":"gone on"}]}""");
        using var claude = agent.Start(await AgentPrograms.ClaudeAsync(), "-p", "MAINTASK work");
        var main = await agent.MainAsync();
        await Eventually.True(() => agent.Model.Requests("main").Count == 1, () => "the model is asked");
        var directive = await agent.SteerAsync(main, "STOP-MARK");
        await File.WriteAllTextAsync(answers, "");
        await agent.UntilAsync(directive, "acknowledged");
        var ran = await claude.EndAsync();
        Assert.Equal((0, "gone on\n"), (ran.Code, ran.Out));
        Assert.Equal(
            [false, true], agent.Model.Requests("main").Select(request => request.Contains("STOP-MARK", StringComparison.Ordinal)));
    }

    /// <summary>With a word, and by force: the one above goes on, and the end is known when its tool returns.</summary>
    [SkippableTheory]
    [InlineData("--grace 60s")]
    [InlineData("--force")]
    public async Task SubAgent_IsKilledAlone_WithProof(string how)
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"Agent","input":{"description":"help","prompt":"SUBTASK one","subagent_type":"general-purpose",
                                              "run_in_background":false} },
                     {"text":"finished"}],
             "sub":[{"tool":"Bash","input":{"command":"{{Until}}","description":"wait"} },
                    {"tool":"Bash","input":{"command":"touch late","description":"late"} },{"text":"sub finished"}]}
            """);
        using var claude = agent.Start(await AgentPrograms.ClaudeAsync(), "-p", "MAINTASK work", "--allowedTools", "Bash,Agent");
        var sub = await agent.SubAgentAsync();
        await mesh.Http.AgentAsync(sub, row => row.Text("note") == "Bash", "runs its tool");
        var killed = agent.KillAsync(sub, how);
        await mesh.Http.AgentAsync(sub, row => row.Text("status") is "stopping" or "dead", "is to end");
        await GoAsync(agent);
        await killed;
        var ran = await claude.EndAsync();
        Assert.Equal((0, "finished\n"), (ran.Code, ran.Out));
        Assert.False(File.Exists(Path.Combine(agent.Project, "late")));
    }

    [SkippableFact]
    public async Task Session_ThatIsKilledFromOutside_IsNoticed_ThoughNoHookSaysSo()
    {
        using var agent = await PrepareAsync($$"""{"main":[{"tool":"Bash","input":{"command":"{{Until}}","description":"wait"} }]}""");
        using var claude = agent.Start(await AgentPrograms.ClaudeAsync(), "-p", "MAINTASK work", "--allowedTools", "Bash");
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Json.GetProperty("connected").GetBoolean(), "is watched");
        claude.Send(Signal.Kill);
        var row = await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
        Assert.True(row.Json.GetProperty("last_exit").GetProperty("confirmed").GetBoolean());
        await GoAsync(agent);
    }

    /// <summary>A terminal at rest: the words wake it, and the next answer proves that they were read.</summary>
    [SkippableFact]
    public async Task Session_AtRestInATerminal_IsWoken_AndAcknowledges()
    {
        using var agent = await PrepareAsync("""{"main":[{"text":"woken"},{"text":"woken again"}]}""");
        var main = await InATerminalAsync(agent);
        var directive = await agent.SteerAsync(main, "WAKE-MARK");
        await agent.UntilAsync(directive, "acknowledged");
        Assert.Contains(agent.Model.Requests(), request => request.Contains("WAKE-MARK", StringComparison.Ordinal));
        await agent.ToolAsync("tmux -S tmux.sock kill-server");
        await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
    }

    /// <summary>Esc fires no hook: the session is seen to rest all the same, and is woken.</summary>
    [SkippableFact]
    public async Task Session_WhoseTurnIsBrokenOffInATerminal_IsSeenToRest_AndWoken()
    {
        using var agent = await PrepareAsync("""
            {"main":[{"tool":"Bash","input":{"command":"true","description":"x"} },{"text":"never","until":"/nowhere"}]}
            """);
        var main = await InATerminalAsync(agent);
        await agent.ToolAsync("tmux -S tmux.sock send-keys 'MAINTASK work' && sleep 0.5 && tmux -S tmux.sock send-keys Enter");
        await mesh.Http.AgentAsync(main, row => row.Text("activity") == "working", "works");
        await Eventually.True(() => agent.Model.Requests("main").Count == 2, () => "the model is asked again");
        await agent.ToolAsync("sleep 1 && tmux -S tmux.sock send-keys Escape");
        await mesh.Http.AgentAsync(main, row => row.Text("activity") == "waiting", "rests");
        agent.Model.Script("""{"main":[{"text":"-"},{"text":"-"},{"text":"woken"},{"text":"woken again"}]}""");
        var directive = await agent.SteerAsync(main, "AFTER-ESC");
        await agent.UntilAsync(directive, "acknowledged");
        Assert.Contains("AFTER-ESC", agent.Model.Requests("main")[^1], StringComparison.Ordinal);
        await agent.ToolAsync("tmux -S tmux.sock kill-server");
        await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
    }

    /// <summary>Nobody is there to hear it. What the person is told is tested with the tool.</summary>
    [SkippableFact]
    public async Task Session_WithTheMeshAway_GoesOn()
    {
        using var agent = await PrepareAsync(
            """{"main":[{"tool":"Bash","input":{"command":"echo one","description":"x"} },{"text":"finished"}]}""",
            url: "http://127.0.0.1:9");
        using var claude = agent.Start(await AgentPrograms.ClaudeAsync(), "-p", "MAINTASK work", "--allowedTools", "Bash");
        Assert.Equal((0, "finished\n"), (await claude.ExitAsync(), claude.Out));
    }

    /// <summary>Starts it in a terminal, past all that it asks at first; returns its agent, which is at rest.</summary>
    private async Task<string> InATerminalAsync(CodingAgent agent)
    {
        var program = await AgentPrograms.ClaudeAsync();
        File.WriteAllText(Path.Combine(agent.Home, ".claude.json"), new JsonObject
        {
            ["hasCompletedOnboarding"] = true,
            ["theme"] = "dark",
            ["customApiKeyResponses"] = new JsonObject { ["approved"] = new JsonArray("dummy") },
            ["projects"] = new JsonObject
            {
                [agent.Project] = new JsonObject { ["hasTrustDialogAccepted"] = true, ["hasCompletedProjectOnboarding"] = true },
            },
        }.ToJsonString());
        (await agent.ToolAsync($"tmux -S tmux.sock -f /dev/null new-session -d -x 100 -y 30 '{program}'")).Done();
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Text("activity") == "idle", "is at rest");
        return main;
    }

    private static List<ProcessInfo> Sleepers(CodingAgent agent) =>
        [.. agent.Mesh.Scratch.Processes().Where(process => process.Command.EndsWith("sleep 100000", StringComparison.Ordinal))];

    private static Task GoAsync(CodingAgent agent) => File.WriteAllTextAsync(Path.Combine(agent.Project, "go"), "");

    private Task<CodingAgent> PrepareAsync(string script, string? url = null) => CodingAgent.PrepareAsync(
        mesh, script, "session-mesh hooks install claude-code", (_, model) =>
        {
            var environment = new Dictionary<string, string>
            {
                ["ANTHROPIC_BASE_URL"] = $"http://127.0.0.1:{model.Port}",
                ["ANTHROPIC_API_KEY"] = "dummy",
                ["DISABLE_AUTOUPDATER"] = "1",
                ["DISABLE_TELEMETRY"] = "1",
                ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
            };
            if (url is not null)
            {
                environment["SESSION_MESH_URL"] = url;
            }

            return environment;
        });
}
