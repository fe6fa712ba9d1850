using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>Who is in the mesh after an event, and as what.</summary>
public sealed class HookRegistrationTests
{
    private static readonly string[] s_unknown =
    [
        "CwdChanged", "InstructionsLoaded", "MessageDisplay", "PostCompact", "PreCompact", "Setup", "UserPromptExpansion",
    ];

    public static TheoryData<string, string> EverySample()
    {
        var data = new TheoryData<string, string>();
        foreach (var program in new[] { HookedMesh.Claude, HookedMesh.Codex })
        {
            foreach (var sample in HookedMesh.Samples(program))
            {
                data.Add(program, sample);
            }
        }

        return data;
    }

    /// <summary>Each recorded event as the first that is heard: of the main agent alone, or of its sub-agent too.</summary>
    [Theory]
    [MemberData(nameof(EverySample))]
    public async Task Event_ThatIsTheFirst_RegistersItsAgents(string program, string sample)
    {
        await using var hooked = await HookedMesh.StartAsync(program);
        (await hooked.TakeAsync(sample)).ShouldBe(200, "{}");
        var sub = System.Text.Json.Nodes.JsonNode.Parse(hooked.Event(sample))!["agent_id"]?.GetValue<string>();
        var name = sample.Split('.')[0];
        string[] expected = name switch
        {
            _ when s_unknown.Contains(name) => [],
            "SessionEnd" => [$"{hooked.Main} dead"],
            "SubagentStop" => [$"{hooked.Main} alive"], // of a helper of the program's own, which never began
            "SessionStart" => [$"{hooked.Main} alive idle"],
            "Stop" or "StopFailure" or "Notification" or "PermissionRequest" or "Interrupt" => [$"{hooked.Main} alive waiting"],
            _ when sub is not null => [$"{hooked.Main} alive", $"{hooked.Main}.{sub} alive working"],
            _ => [$"{hooked.Main} alive working"],
        };
        Assert.Equal(expected, await hooked.AgentsAsync());
    }

    [Fact]
    public async Task SessionStart_RegistersTheMainAgent_WithWhereItRuns()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        var reply = await hooked.TakeAsync("SessionStart", query: "?host=laptop");
        Assert.Equal(
            ("claude-11112222", "1", "true"),
            (reply.Headers["X-Mesh-Agent"], reply.Headers["X-Mesh-Incarnation"], reply.Headers["X-Mesh-Registered"]));
        (await hooked.Mesh.GetAsync("agents/claude-11112222")).ShouldBe(200, Rows.Detail("claude-11112222", 2, ttl: 900, differs: """
            "activity":"idle","labels":{"agent":"claude-code","host":"laptop","project":"project",
            "session":"11112222-3333-4444-5555-666677778888"}
            """));
        Assert.False((await hooked.TakeAsync("PreToolUse")).Headers.ContainsKey("X-Mesh-Registered"));
    }

    [Fact]
    public async Task Session_InsideAnAgent_IsBelowIt()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.Mesh.RegisterAsync("outer");
        await hooked.TakeAsync("SessionStart", query: "?parent=outer");
        Assert.Equal("outer", (await hooked.AgentAsync())["parent_id"]!.GetValue<string>());
    }

    /// <summary>Started inside an agent that is gone since, or by a setting that names no agent: it is there all the same.</summary>
    [Theory]
    [InlineData("nobody")]
    [InlineData("claude-11112222")]
    public async Task Session_WhoseParentCannotBe_HasNone(string parent)
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.TakeAsync("SessionStart", query: "?parent=" + parent);
        Assert.Equal([$"{hooked.Main} alive idle"], await hooked.AgentsAsync());
        Assert.Null((await hooked.AgentAsync())["parent_id"]);
    }

    /// <summary>The ids meet: <c>aaaabbbb</c> with sub-agent <c>cccc</c>, and a session <c>aaaabbbb.cccc</c>.</summary>
    [Fact]
    public async Task SubAgent_WhoseIdIsAnotherSessions_TakesNothingOfIt()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude, "aaaabbbb");
        var other = hooked.Other("aaaabbbb.cccc");
        await hooked.PassAsync("SessionStart");
        await other.PassAsync("SessionStart");
        await hooked.TakeAsync("SubagentStart", "cccc");
        await hooked.TakeAsync("SubagentStop", "cccc");
        Assert.Equal(["claude-aaaabbbb alive idle", "claude-aaaabbbb.cccc alive idle"], await hooked.AgentsAsync());
    }

    [Fact]
    public async Task Session_WhoseShortIdIsTaken_GetsALongerOne()
    {
        await using var first = await HookedMesh.StartAsync(HookedMesh.Codex, "01a21431-d372-73d0-b22c-f9306b561061");
        var second = first.Other("01a21431-d372-7fff-b22c-f9306b561062");
        var third = first.Other("01a21431-eeee-7fff-b22c-f9306b561063");
        await first.PassAsync("SessionStart");
        await second.PassAsync("SessionStart");
        await third.PassAsync("SessionStart");
        await first.PassAsync("PreToolUse");
        Assert.Equal(
            ["codex-01a21431 alive working", "codex-01a21431-d372 alive idle", "codex-01a21431-eeee alive idle"],
            await first.AgentsAsync());
    }

    [Fact]
    public async Task SubAgents_AreBelowWhoCalledForThem_AtEveryDepth()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "outer");
        await hooked.TakeAsync("PreToolUse.in-subagent.Agent", "outer");
        await hooked.TakeAsync("SubagentStart", "inner");
        Assert.Equal(hooked.Main, (await hooked.AgentAsync(hooked.Main + ".outer"))["parent_id"]!.GetValue<string>());
        Assert.Equal(hooked.Main + ".outer", (await hooked.AgentAsync(hooked.Main + ".inner"))["parent_id"]!.GetValue<string>());
        Assert.Equal("general-purpose", (await hooked.AgentAsync(hooked.Main + ".inner"))["specializations"]![0]!.GetValue<string>());
    }

    /// <summary>A caller that is held sends its event again and again: that is one call.</summary>
    [Fact]
    public async Task SubAgent_OfACallThatWasHeld_CountsOnce()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "outer");
        await hooked.SteerAsync(more: """ "verb":"pause" """);
        for (var i = 0; i < 3; i++)
        {
            await hooked.TakeAsync("PreToolUse.Agent", query: "?hold=0");
        }

        await hooked.SteerAsync(more: """ "verb":"resume" """);
        await hooked.PassAsync("PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "second");
        await hooked.TakeAsync("PreToolUse.in-subagent.Agent", "outer");
        await hooked.TakeAsync("SubagentStart", "inner");
        Assert.Equal(hooked.Main, (await hooked.AgentAsync(hooked.Main + ".second"))["parent_id"]!.GetValue<string>());
        Assert.Equal(hooked.Main + ".outer", (await hooked.AgentAsync(hooked.Main + ".inner"))["parent_id"]!.GetValue<string>());
    }

    /// <summary>A person may deny the call: the turn's end is the end of it.</summary>
    [Fact]
    public async Task SubAgent_ThatNeverBegan_IsNobodysParent_AfterTheStop()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "outer");
        await hooked.PassAsync("PreToolUse.Agent", "Stop");
        await hooked.TakeAsync("PreToolUse.in-subagent.Agent", "outer");
        await hooked.TakeAsync("SubagentStart", "inner");
        Assert.Equal(hooked.Main + ".outer", (await hooked.AgentAsync(hooked.Main + ".inner"))["parent_id"]!.GetValue<string>());
    }

    /// <summary>Two agents call at once, and the starts come the other way round: the tools' results say who is whose.</summary>
    [Fact]
    public async Task SubAgent_UnderTheWrongParent_IsMoved_WhenTheToolNamesIt()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse.Agent");
        await hooked.TakeAsync("SubagentStart", "outer");
        await hooked.TakeAsync("PreToolUse.in-subagent.Agent", "outer");
        await hooked.TakeAsync("SubagentStart", "mine");
        await hooked.TakeAsync("PostToolUse.Agent.background", change: happening => happening["tool_response"]!["agentId"] = "mine");
        Assert.Equal(hooked.Main, (await hooked.AgentAsync(hooked.Main + ".mine"))["parent_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task CodexNamesASubAgent_InATextOfItsTool()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Codex);
        await hooked.PassAsync("SessionStart", "PreToolUse.spawn_agent");
        await hooked.TakeAsync("SubagentStart", "outer");
        await hooked.TakeAsync("PreToolUse.spawn_agent", "outer");
        await hooked.TakeAsync("SubagentStart", "inner");
        await hooked.TakeAsync(
            "PostToolUse.spawn_agent", change: happening => happening["tool_response"] = """{"agent_id":"inner","nickname":"Jason"}""");
        Assert.Equal(hooked.Main, (await hooked.AgentAsync(hooked.Main + ".inner"))["parent_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task SubAgent_EndsByItsStop_ByATool_OrWithItsSession()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        foreach (var sub in new[] { "one", "two", "three" })
        {
            await hooked.TakeAsync("SubagentStart", sub);
        }

        await hooked.TakeAsync("SubagentStop", "one");
        await hooked.TakeAsync("PostToolUse.TaskStop", change: happening => happening["tool_input"]!["task_id"] = "two");
        Assert.Equal(
            [$"{hooked.Main} alive working", $"{hooked.Main}.one dead", $"{hooked.Main}.three alive working", $"{hooked.Main}.two dead"],
            await hooked.AgentsAsync());
        await hooked.PassAsync("SessionEnd");
        foreach (var (id, reason) in new[]
            {
                ("", "its session has ended"), (".one", "it has finished"), (".two", "it was ended by the agent above it"),
                (".three", "its session has ended"),
            })
        {
            var exit = (await hooked.AgentAsync(hooked.Main + id))["last_exit"]!;
            Assert.Equal((true, reason), (exit["confirmed"]!.GetValue<bool>(), exit["reason"]!.GetValue<string>()));
        }
    }

    [Fact]
    public async Task Session_ThatHasEnded_IsHeardAgain_OnlyWhenItBeginsAgain()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "SessionEnd", "PostToolUse");
        Assert.Equal([$"{hooked.Main} dead"], await hooked.AgentsAsync());
        Assert.Equal("2", (await hooked.TakeAsync("SessionStart.resume")).Headers["X-Mesh-Incarnation"]);
        Assert.Equal([$"{hooked.Main} alive idle"], await hooked.AgentsAsync());
    }

    [Fact]
    public async Task Session_IsFoundAgain_AfterARestartOfTheServer()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        await hooked.TakeAsync("SubagentStart", "sub");
        await hooked.Mesh.RestartAsync();
        await hooked.TakeAsync("PreToolUse.in-subagent", "sub");
        Assert.Equal("1", (await hooked.TakeAsync("PreToolUse")).Headers["X-Mesh-Incarnation"]);
        Assert.Equal([$"{hooked.Main} alive working", $"{hooked.Main}.sub alive working"], await hooked.AgentsAsync());
    }

    [Fact]
    public async Task Events_AreSignsOfLife_ThatCountToolsAndNameThem_AndNothingElse()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolBatch");
        await hooked.Mesh.AdvanceAsync(600);
        await hooked.PassAsync("PreToolUse.Read", "PostToolUseFailure", "PreToolUse");
        var agent = await hooked.AgentAsync();
        Assert.Equal(
            ("alive", "working", 2, "Bash", Rows.At(600)),
            (agent["status"]!.GetValue<string>(), agent["activity"]!.GetValue<string>(), agent["progress"]!.GetValue<int>(),
                agent["note"]!.GetValue<string>(), agent["last_heartbeat_at"]!.GetValue<string>()));
        await hooked.PassAsync("Stop");
        Assert.Equal("waiting", (await hooked.AgentAsync())["activity"]!.GetValue<string>());
    }

    [Fact]
    public async Task Detail_IsReported_WhenItIsAskedFor()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.TakeAsync("PreToolUse.TaskStop", query: "?detail=true");
        Assert.Equal("""TaskStop {"task_id":"a9d48b767bffe2183"}""", (await hooked.AgentAsync())["note"]!.GetValue<string>());
    }
}
