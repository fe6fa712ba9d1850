using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Opencode;

/// <summary>The real opencode against a scripted model.</summary>
public sealed class OpencodeTests(Mesh mesh) : IClassFixture<Mesh>
{
    /// <summary>A tool that runs until a file is there: the test says how long.</summary>
    private const string Until = """until [ -e go ]; do sleep 0.1; done; rm go; echo past""";

    [AgentFact]
    public async Task Session_IsSeenWithItsSubAgent_AndSteeredInMidTurn()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"bash","input":{"command":"{{Until}}","description":"wait"} },
                     {"tool":"task","input":{"description":"help","prompt":"SUBTASK one","subagent_type":"general"} },
                     {"text":"finished"}],
             "sub":[{"tool":"bash","input":{"command":"{{Until}}","description":"wait"} },{"text":"sub finished"}]}
            """);
        using var opencode = await StartAsync(agent);
        var main = await agent.MainAsync();
        Assert.Matches("^opencode-[0-9a-f]{8}$", main);
        await mesh.Http.AgentAsync(main, row => row.Text("activity") == "working" && row.Text("note") == "bash", "runs its tool");
        var directive = await agent.SteerAsync(main, "TURN-MARK");
        await GoAsync(agent);
        await agent.UntilAsync(directive, "acknowledged");
        await AskedAsync(agent, request => request.Contains("TURN-MARK", StringComparison.Ordinal));

        var sub = await agent.SubAgentAsync();
        var row = (await mesh.Http.GetAsync("agents/" + sub)).Json;
        Assert.Equal((main, "general"), (row.Text("parent_id"), row.GetProperty("specializations")[0].GetString()));
        await mesh.Http.AgentAsync(sub, row => row.Text("note") == "bash", "runs its tool");
        var toSub = await agent.SteerAsync(sub, "SUB-MARK");
        await GoAsync(agent);
        await agent.UntilAsync(toSub, "acknowledged");
        await AskedAsync(
            agent, request => request.Contains("SUB-MARK", StringComparison.Ordinal)
                && !request.Contains("MAINTASK", StringComparison.Ordinal));
        Assert.Equal(0, await opencode.ExitAsync());
        await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
        await mesh.Http.AgentAsync(sub, row => row.Text("status") == "dead", "has ended");
    }

    /// <summary>The words come while the last answer is written: the turn goes on, although the program ends with it.</summary>
    [AgentFact]
    public async Task Steer_BeforeTheLastAnswer_MakesTheTurnGoOn()
    {
        using var agent = await PrepareAsync("""{"main":[{"text":"first","sleep":8},{"text":"second"}]}""");
        using var opencode = await StartAsync(agent);
        var main = await agent.MainAsync();
        var directive = await agent.SteerAsync(main, "LATE-MARK");
        await agent.UntilAsync(directive, "acknowledged");
        var ran = await opencode.EndAsync();
        Assert.Equal((0, true), (ran.Code, ran.Out.Contains("second", StringComparison.Ordinal)));
    }

    [AgentFact]
    public async Task Session_IsPausedBeforeATool_Resumed_AndKilledWithAllItLeft()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"bash","input":{"command":"{{Until}}","description":"wait"} },
                     {"tool":"bash","input":{"command":"trap '' TERM; sleep 100000 & setsid sleep 100000; wait","description":"stay"} },
                     {"text":"finished"}]}
            """);
        using var opencode = await StartAsync(agent);
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Text("note") == "bash", "runs its tool");
        var paused = agent.ToolAsync($"session-mesh pause {main} --wait-seconds 60s");
        await mesh.Http.AgentAsync(main, row => row.Number("pending") == 1, "is to pause");
        await GoAsync(agent);
        (await paused).Done();
        Assert.Empty(Sleepers(agent));
        (await agent.ToolAsync($"session-mesh resume {main}")).Done();
        await Eventually.True(() => Sleepers(agent).Count == 2, () => "the second tool runs");
        var killed = (await agent.ToolAsync($"session-mesh kill {main} --grace 4s --yes -o json")).Done();
        Assert.True(killed.Json.GetProperty("confirmed").GetBoolean(), killed.ToString());
        await opencode.ExitAsync();
        Assert.Empty(Sleepers(agent));
    }

    [AgentFact]
    public async Task SubAgent_IsKilledAlone()
    {
        using var agent = await PrepareAsync($$"""
            {"main":[{"tool":"task","input":{"description":"help","prompt":"SUBTASK one","subagent_type":"general"} },{"text":"finished"}],
             "sub":[{"tool":"bash","input":{"command":"{{Until}}","description":"wait"} },
                    {"tool":"bash","input":{"command":"touch ran","description":"not this"} },{"text":"sub finished"}]}
            """);
        using var opencode = await StartAsync(agent);
        await agent.MainAsync();
        var sub = await agent.SubAgentAsync();
        await mesh.Http.AgentAsync(sub, row => row.Text("note") == "bash", "runs its tool");
        var kill = agent.ToolAsync($"session-mesh kill {sub} --grace 30s --yes -o json");
        await mesh.Http.AgentAsync(sub, row => row.Text("status") == "stopping", "is to stop");
        await GoAsync(agent);
        var killed = (await kill).Done();
        Assert.True(killed.Json.GetProperty("confirmed").GetBoolean(), killed.ToString());
        var ran = await opencode.EndAsync();
        Assert.Equal((0, true), (ran.Code, ran.Out.Contains("finished", StringComparison.Ordinal)));
        Assert.False(File.Exists(Path.Combine(agent.Project, "ran")));
    }

    [AgentFact]
    public async Task Session_AtRestInATerminal_IsWoken_AndAcknowledges()
    {
        using var agent = await PrepareAsync("""{"main":[{"text":"first"},{"text":"woken"}]}""");
        var program = await AgentPrograms.OpencodeAsync();
        var terminal = "tmux -S tmux.sock -f /dev/null new-session -d -x 100 -y 30";
        (await agent.ToolAsync($"{terminal} '{program} --prompt \"MAINTASK work\"'")).Done();
        var main = await agent.MainAsync();
        await mesh.Http.AgentAsync(main, row => row.Text("activity") == "waiting", "is at rest");
        var directive = await agent.SteerAsync(main, "WAKE-MARK");
        await agent.UntilAsync(directive, "acknowledged");
        await AskedAsync(agent, request => request.Contains("WAKE-MARK", StringComparison.Ordinal));
        await agent.ToolAsync("tmux -S tmux.sock kill-server");
        await mesh.Http.AgentAsync(main, row => row.Text("status") == "dead", "has ended");
    }

    [AgentFact]
    public async Task Session_WithTheMeshAway_GoesOn()
    {
        using var agent = await PrepareAsync(
            """{"main":[{"tool":"bash","input":{"command":"echo one","description":"x"} },{"text":"finished"}]}""",
            url: "http://127.0.0.1:9");
        using var opencode = await StartAsync(agent);
        Assert.Equal(0, await opencode.ExitAsync());
        Assert.Contains("finished", opencode.Out, StringComparison.Ordinal);
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

    private static async Task<Started> StartAsync(CodingAgent agent) =>
        agent.Start(await AgentPrograms.OpencodeAsync(), "run", "MAINTASK work");

    private Task<CodingAgent> PrepareAsync(string script, string? url = null) => CodingAgent.PrepareAsync(
        mesh, script, "session-mesh hooks install opencode", (home, model) =>
        {
            var settings = Directory.CreateDirectory(Path.Combine(home, ".config", "opencode")).FullName;
            File.WriteAllText(Path.Combine(settings, "opencode.json"), $$"""
                {"autoupdate":false,"share":"disabled","model":"standin/stub","small_model":"standin/stub","permission":{"*":"allow"},
                 "provider":{"standin":{"npm":"@ai-sdk/openai-compatible","name":"standin","models":{"stub":{"name":"stub"} },
                   "options":{"baseURL":"http://127.0.0.1:{{model.Port}}/v1","apiKey":"dummy"} } } }
                """);
            var environment = new Dictionary<string, string>
            {
                ["OPENCODE_DISABLE_AUTOUPDATE"] = "1",
                ["OPENCODE_DISABLE_MODELS_FETCH"] = "1",
            };
            if (url is not null)
            {
                environment["SESSION_MESH_URL"] = url;
            }

            return environment;
        });
}
