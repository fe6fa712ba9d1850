using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>The real Codex against a scripted model.</summary>
public sealed class CodexTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Until = """until [ -e go ]; do sleep 0.1; done; rm go; echo past""";

    [SkippableFact]
    public async Task Session_IsSeenWithItsSubAgent_AndSteeredInMidTurn()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"exec_command","input":{"cmd":"{{Until}}","yield_time_ms":60000} },
                     {"tool":"multi_agent_v1::spawn_agent","input":{"message":"SUBTASK one"} },
                     {"tool":"exec_command","input":{"cmd":"{{Until}}","yield_time_ms":60000} },
                     {"text":"finished"}],
             "sub":[{"text":"sub finished"}]}
            """);
        using var codex = await StartAsync(agent);
        var main = await agent.MainAsync();
        Assert.StartsWith("codex-", main, StringComparison.Ordinal);
        await mesh.Http.AgentAsync(main, row => row.Text("activity") == "working" && row.Text("note") == "Bash", "runs its tool");
        var directive = await agent.SteerAsync(main, "TURN-MARK");
        await GoAsync(agent);
        var sub = await agent.SubAgentAsync();
        Assert.Equal(main, (await mesh.Http.GetAsync("agents/" + sub)).Text("parent_id"));

        // In the very next request; that it was, only the end of the turn proves.
        await Eventually.True(
            () => agent.Model.Requests().Exists(request => request.Contains("TURN-MARK", StringComparison.Ordinal)),
            () => "the model reads it");
        await GoAsync(agent);
        await agent.UntilAsync(directive, "acknowledged");
        Assert.Equal(0, await codex.ExitAsync());
        await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
        await mesh.Http.AgentAsync(sub, row => row.Text("status") == "dead", "has ended");
    }

    [SkippableFact]
    public async Task Session_IsPausedBeforeATool_Resumed_AndKilledWithAllItLeft()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"exec_command","input":{"cmd":"{{Until}}","yield_time_ms":60000} },
                     {"tool":"exec_command","input":{"cmd":"trap '' TERM; sleep 100000","yield_time_ms":60000} },
                     {"text":"finished"}]}
            """);
        using var codex = await StartAsync(agent);
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Text("note") == "Bash", "runs its tool");
        var paused = agent.ToolAsync($"session-mesh pause {main} --wait-seconds 60s");
        await mesh.Http.AgentAsync(main, row => row.Number("pending") == 1, "is to pause");
        await GoAsync(agent);
        (await paused).Done();
        Assert.Empty(Sleepers(agent));
        (await agent.ToolAsync($"session-mesh resume {main} --wait-seconds 60s")).Done();
        await Eventually.True(() => Sleepers(agent).Count > 0, () => "the second tool runs");
        await agent.KillAsync(main, "--grace 4s");
        await codex.ExitAsync();
        Assert.Empty(Sleepers(agent));
    }

    /// <summary>While it answers, no event can carry the words but the stop: it goes on with them.</summary>
    [SkippableFact]
    public async Task Session_SteeredWhileItAnswers_GoesOnAtItsStop()
    {
        var answers = mesh.Scratch.File("codex-answers");
        using var agent = await PrepareAsync($$"""{"main":[{"text":"finished","until":"{{answers}}"},{"text":"gone on"}]}""");
        using var codex = await StartAsync(agent);
        var main = await agent.MainAsync();
        await Eventually.True(() => agent.Model.Requests("main").Count == 1, () => "the model is asked");
        var directive = await agent.SteerAsync(main, "STOP-MARK");
        await File.WriteAllTextAsync(answers, "");
        await agent.UntilAsync(directive, "acknowledged");
        Assert.Equal(0, await codex.ExitAsync());
        Assert.Equal(
            [false, true], agent.Model.Requests("main").Select(request => request.Contains("STOP-MARK", StringComparison.Ordinal)));
    }

    /// <summary>Its tools are denied; the end is known when its model has given up, and the one above goes on.</summary>
    [SkippableFact]
    public async Task SubAgent_IsKilledAlone_WithProof()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"multi_agent_v1::spawn_agent","input":{"message":"SUBTASK one"} },
                     {"tool":"exec_command","input":{"cmd":"until [ -e main ]; do sleep 0.1; done","yield_time_ms":60000} },
                     {"text":"finished"}],
             "sub":[{"tool":"exec_command","input":{"cmd":"{{Until}}","yield_time_ms":60000} },
                    {"tool":"exec_command","input":{"cmd":"touch late","yield_time_ms":60000} },{"text":"sub finished"}]}
            """);
        using var codex = await StartAsync(agent);
        var sub = await agent.SubAgentAsync();
        await mesh.Http.AgentAsync(sub, row => row.Text("note") == "Bash", "runs its tool");
        var killed = agent.KillAsync(sub, "--grace 60s");
        await mesh.Http.AgentAsync(sub, row => row.Text("status") == "stopping", "is to end");
        await GoAsync(agent);
        await killed;
        await File.WriteAllTextAsync(Path.Combine(agent.Project, "main"), "");
        Assert.Equal(0, await codex.ExitAsync());
        Assert.False(File.Exists(Path.Combine(agent.Project, "late")));
    }

    private static List<ProcessInfo> Sleepers(CodingAgent agent) =>
        [.. agent.Mesh.Scratch.Processes().Where(process => process.Command.Contains("sleep 100000", StringComparison.Ordinal))];

    private static Task GoAsync(CodingAgent agent) => File.WriteAllTextAsync(Path.Combine(agent.Project, "go"), "");

    private static async Task<Started> StartAsync(CodingAgent agent) => agent.Start(
        await AgentPrograms.CodexAsync(), "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
        "--dangerously-bypass-hook-trust", "MAINTASK work");

    private Task<CodingAgent> PrepareAsync(string script) => CodingAgent.PrepareAsync(
        mesh, script, "session-mesh hooks install codex", (home, model) =>
        {
            var codex = Directory.CreateDirectory(Path.Combine(home, ".codex")).FullName;
            File.WriteAllText(Path.Combine(codex, "config.toml"), $"""
                model = "gpt-5.1-codex"
                model_provider = "standin"
                [model_providers.standin]
                name = "standin"
                base_url = "http://127.0.0.1:{model.Port}/v1"
                wire_api = "responses"
                """);
            return new() { ["CODEX_HOME"] = codex };
        });
}
