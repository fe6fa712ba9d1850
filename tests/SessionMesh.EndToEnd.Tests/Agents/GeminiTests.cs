using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>The real Gemini CLI against a scripted model.</summary>
public sealed class GeminiTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Stay = "trap '' TERM; sleep 100000 & setsid sleep 100000; wait";

    private const string Until = """until [ -e go ]; do sleep 0.1; done; rm go; echo past""";

    [AgentFact]
    public async Task Session_IsSeen_AndSteeredInMidTurn_AndAtItsEnd()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"run_shell_command","input":{"command":"{{Until}}","description":"wait"} },
                     {"text":"finished","sleep":8},{"text":"more"}]}
            """);
        using var gemini = await StartAsync(agent);
        var main = await agent.MainAsync();
        Assert.Matches("^gemini-[0-9a-f]{8}$", main);
        await mesh.Http.AgentAsync(main, row => row.Text("note") == "run_shell_command", "runs its tool");
        var directive = await agent.SteerAsync(main, "TURN-MARK");
        await GoAsync(agent);
        await agent.UntilAsync(directive, "acknowledged");
        await AskedAsync(agent, request => request.Contains("TURN-MARK", StringComparison.Ordinal));

        // While the last answer is on its way: the turn goes on.
        var late = await agent.SteerAsync(main, "LATE-MARK");
        await agent.UntilAsync(late, "acknowledged");
        await AskedAsync(agent, request => request.Contains("LATE-MARK", StringComparison.Ordinal));
        Assert.Equal(0, await gemini.ExitAsync());
        await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
    }

    /// <summary>Its events do not name the sub-agent: words wait for its end.</summary>
    [AgentFact]
    public async Task Steer_WhileASubAgentRuns_IsReadByTheMainAgent()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"invoke_agent","input":{"agent_name":"generalist","prompt":"SUBTASK one"} },{"text":"finished"}],
             "sub":[{"tool":"run_shell_command","input":{"command":"{{Until}}","description":"wait"} },
                    {"tool":"complete_task","input":{"result":{"response":"done"} } }]}
            """);
        using var gemini = await StartAsync(agent);
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Text("note") == "run_shell_command", "its sub-agent runs its tool");
        var directive = await agent.SteerAsync(main, "OUTER-MARK");
        await GoAsync(agent);
        await agent.UntilAsync(directive, "acknowledged");
        await AskedAsync(agent, request => request.Contains("OUTER-MARK", StringComparison.Ordinal)
            && request.Contains("MAINTASK", StringComparison.Ordinal));
        Assert.DoesNotContain(
            agent.Model.Requests(), request => request.Contains("OUTER-MARK", StringComparison.Ordinal)
                && !request.Contains("MAINTASK", StringComparison.Ordinal));
        Assert.Equal(0, await gemini.ExitAsync());
    }

    [AgentFact]
    public async Task Session_IsPausedBeforeATool_Resumed_AndKilledWithAllItLeft()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"run_shell_command","input":{"command":"{{Until}}","description":"wait"} },
                     {"tool":"run_shell_command","input":{"command":"{{Stay}}","description":"stay"} },
                     {"text":"finished"}]}
            """);
        using var gemini = await StartAsync(agent);
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Text("note") == "run_shell_command", "runs its tool");
        var paused = agent.ToolAsync($"session-mesh pause {main} --wait-seconds 60s");
        await mesh.Http.AgentAsync(main, row => row.Number("pending") == 1, "is to pause");
        await GoAsync(agent);
        (await paused).Done();
        Assert.Empty(Sleepers(agent));
        (await agent.ToolAsync($"session-mesh resume {main}")).Done();
        await Eventually.True(() => Sleepers(agent).Count == 2, () => "the second tool runs");
        var killed = (await agent.ToolAsync($"session-mesh kill {main} --grace 4s --yes -o json")).Done();
        Assert.True(killed.Json.GetProperty("confirmed").GetBoolean(), killed.ToString());
        await gemini.ExitAsync();
        Assert.Empty(Sleepers(agent));
    }

    /// <summary>The event comes just before the request.</summary>
    private static Task AskedAsync(CodingAgent agent, Predicate<string> what) =>
        Eventually.True(() => agent.Model.Requests().Exists(what), () => "the model is asked");

    private static List<ProcessInfo> Sleepers(CodingAgent agent) =>
        [
            .. agent.Mesh.Scratch.Processes().Where(process => process.Command.Contains("sleep 100000", StringComparison.Ordinal)
                && !process.Command.Contains("trap", StringComparison.Ordinal)),
        ];

    private static Task GoAsync(CodingAgent agent) => File.WriteAllTextAsync(Path.Combine(agent.Project, "go"), "");

    private static async Task<Started> StartAsync(CodingAgent agent) => agent.Start(
        "node", await AgentPrograms.GeminiAsync(), "-m", "gemini-2.5-flash", "--approval-mode", "yolo", "-p", "MAINTASK work");

    private Task<CodingAgent> PrepareAsync(string script) => CodingAgent.PrepareAsync(
        mesh, script, "session-mesh hooks install gemini", (home, model) =>
        {
            var settings = Directory.CreateDirectory(Path.Combine(home, ".gemini")).FullName;
            File.WriteAllText(Path.Combine(settings, "settings.json"), """
                {"general":{"disableAutoUpdate":true},"privacy":{"usageStatisticsEnabled":false},
                 "security":{"auth":{"selectedType":"gemini-api-key"},"folderTrust":{"enabled":false}}}
                """);
            return new()
            {
                ["GEMINI_API_KEY"] = "dummy",
                ["GOOGLE_GEMINI_BASE_URL"] = $"http://127.0.0.1:{model.Port}",
            };
        });
}
