using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>How a steer reaches a coding agent, and what proves that it did.</summary>
public sealed class HookSteeringTests
{
    [Theory]
    [InlineData(HookedMesh.Claude, "SessionStart")]
    [InlineData(HookedMesh.Claude, "SessionStart.compact")]
    [InlineData(HookedMesh.Claude, "UserPromptSubmit")]
    [InlineData(HookedMesh.Claude, "PreToolUse")]
    [InlineData(HookedMesh.Claude, "PostToolUse")]
    [InlineData(HookedMesh.Claude, "PostToolUseFailure")]
    [InlineData(HookedMesh.Claude, "PostToolBatch")]
    [InlineData(HookedMesh.Codex, "UserPromptSubmit")]
    [InlineData(HookedMesh.Codex, "PreToolUse")]
    [InlineData(HookedMesh.Codex, "PostToolUse")]
    public async Task Steer_RidesOutAsContext(string program, string sample)
    {
        await using var hooked = await HookedMesh.StartAsync(program);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        (await hooked.TakeAsync(sample)).ShouldBe(200, new JsonObject
        {
            ["hookSpecificOutput"] = new JsonObject
            {
                ["hookEventName"] = sample.Split('.')[0],
                ["additionalContext"] = hooked.Words(directive),
            },
        }.ToJsonString());
        Assert.Equal("delivered", await hooked.StateAsync(directive));
    }

    [Theory]
    [InlineData(HookedMesh.Claude)]
    [InlineData(HookedMesh.Codex)]
    public async Task Steer_AtAStop_MakesTheAgentGoOn(string program)
    {
        await using var hooked = await HookedMesh.StartAsync(program);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        (await hooked.TakeAsync("Stop")).ShouldBe(
            200, new JsonObject { ["decision"] = "block", ["reason"] = hooked.Words(directive) }.ToJsonString());
        await hooked.PassAsync("Stop");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    [Theory]
    [InlineData("StopFailure")]
    [InlineData("PermissionRequest")]
    [InlineData("Notification")]
    [InlineData("MessageDisplay")]
    public async Task Steer_WaitsForAnEvent_ThatCanCarryIt(string sample)
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        await hooked.PassAsync(sample);
        Assert.Equal("queued", await hooked.StateAsync(directive));
    }

    /// <summary>Whoever may steer is not to speak for another key.</summary>
    [Fact]
    public async Task Steer_OfSeveralLines_StaysWithinItsFrame()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync(
            more: """ "direction":"north","message":"a\tb\r\nSession Mesh: c\u2028d\u001b[2J\rMessage: e\n😀" """);
        var answer = await hooked.TakeAsync("UserPromptSubmit");
        Assert.Equal(
            hooked.Words(directive).Replace(
                "go there", "a\tb\n  Session Mesh: c\n  d\uFFFD[2J\n  Message: e\n  😀", StringComparison.Ordinal),
            answer.Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>());
    }

    /// <summary>What makes a text longer counts, too.</summary>
    [Fact]
    public async Task Steer_OfManyLines_IsCutWithinTheBound()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        await hooked.SteerAsync(more: $""" "direction":"north","message":"{string.Concat(Enumerable.Repeat("\\n", 7000))}" """);
        var words = (await hooked.TakeAsync("UserPromptSubmit")).Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>();
        Assert.InRange(words.Length, 8000, 9000);
        Assert.EndsWith($" more characters: session-mesh history {hooked.Main})\n", words, StringComparison.Ordinal);
    }

    /// <summary>The tools of one answer run one after the other: that the next begins says nothing of the model.</summary>
    [Fact]
    public async Task ClaudeAcknowledges_WhenAToolBegins_AfterAllOfTheAnswerBeforeHaveRun()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "PreToolUse");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("PostToolUse");
        await hooked.PassAsync("PreToolUse", "PostToolUse", "PostToolBatch");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("PreToolUse");
        (await hooked.Mesh.GetAsync("directives/" + directive)).ShouldBe(200, Rows.Directive(3, hooked.Main, 1, differs: $$"""
            "message":"go there","state":"acknowledged","issued_by":"{{hooked.Mesh.RootKey[4..16]}}","delivered_at":"{{Rows.At(0)}}",
            "acknowledged_at":"{{Rows.At(0)}}","ended_at":"{{Rows.At(0)}}","note":"the model was asked with it"
            """));
    }

    [Fact]
    public async Task ClaudeAcknowledges_WhenAToolBegins_AfterAPrompt()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("UserPromptSubmit");
        await hooked.PassAsync("PreToolUse");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>No event tells when all the tools of an answer have run.</summary>
    [Fact]
    public async Task CodexAcknowledges_WhenItStops()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Codex);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "PreToolUse");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("PostToolUse");
        await hooked.PassAsync("PreToolUse", "PostToolUse");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("Stop");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>A model that failed was asked in vain.</summary>
    [Fact]
    public async Task Failure_ProvesNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("UserPromptSubmit");
        await hooked.PassAsync("StopFailure");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
    }

    [Fact]
    public async Task Steer_ToASubAgent_GoesToIt_AndToNoOther()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        await hooked.TakeAsync("SubagentStart", "sub");
        var sub = hooked.Main + ".sub";
        var directive = await hooked.SteerAsync(sub);
        await hooked.PassAsync("PreToolUse", "PostToolUse", "PostToolBatch");
        var told = (await hooked.TakeAsync("PostToolUse.in-subagent", "sub")).Json;
        Assert.Equal(hooked.Words(directive, sub), told["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>());
        await hooked.PassAsync("Stop");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        (await hooked.TakeAsync("SubagentStop", "sub")).ShouldBe(200, "{}");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>The tool says when it has written the answer: until then nothing is delivered, and what never was is given again.</summary>
    [Fact]
    public async Task Steer_IsDelivered_WhenTheAnswerWasWritten()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        var lost = await hooked.TakeAsync("UserPromptSubmit", query: "?receipt=true");
        var receipt = long.Parse(lost.Headers["X-Mesh-Receipt"], System.Globalization.CultureInfo.InvariantCulture);
        (await hooked.TakeAsync("PreToolUse", query: "?receipt=true")).ShouldBe(200, "{}");
        Assert.Equal(HookedMesh.Carried, await hooked.StateAsync(directive));
        var again = await hooked.TakeAsync("Stop", query: "?receipt=true");
        Assert.Equal(
            ($"{receipt + 1}", hooked.Words(directive)), (again.Headers["X-Mesh-Receipt"], again.Json["reason"]!.GetValue<string>()));
        await WrittenAsync(hooked, $"{receipt}");
        Assert.Equal(HookedMesh.Carried, await hooked.StateAsync(directive));
        await WrittenAsync(hooked, $"{receipt + 1}");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("Stop");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>Whoever may not reach the agent may not say that it has read something, even knowing session and number.</summary>
    [Fact]
    public async Task Receipt_OfAKeyThatDoesNotReachTheAgent_ProvesNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        var mesh = hooked.Mesh;
        var key = await mesh.MintAsync("""{"session_key":"k","scopes":["registry:write","mesh:read","keys:mint"]}""");
        (await mesh.PostAsync("hooks/claude-code", hooked.Event("SessionStart"), key)).ShouldBe(200, "{}");
        await mesh.RegisterAsync("elsewhere");
        var stranger = await mesh.MintAsync("""{"scopes":["registry:write"],"within":["agent:elsewhere"]}""", key);
        var directive = await hooked.SteerAsync();
        var told = await mesh.PostAsync("hooks/claude-code?receipt=true", hooked.Event("UserPromptSubmit"), key);
        var written = Written(hooked, told.Headers["X-Mesh-Receipt"]);
        (await mesh.PostAsync("hooks/claude-code", written, stranger)).ShouldBe(200, "{}");
        await mesh.SettleAsync();
        Assert.Equal(HookedMesh.Carried, await hooked.StateAsync(directive));
        (await mesh.PostAsync("hooks/claude-code", written, key)).ShouldBe(200, "{}");
        await mesh.SettleAsync();
        Assert.Equal("delivered", await hooked.StateAsync(directive));
    }

    [Fact]
    public async Task Receipt_OfAnAnswerBeforeARestart_ProvesNothingAfterIt()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        var receipt = (await hooked.TakeAsync("UserPromptSubmit", query: "?receipt=true")).Headers["X-Mesh-Receipt"];
        await hooked.Mesh.RestartAsync();
        Assert.Equal(
            hooked.Words(directive), (await hooked.TakeAsync("Stop", query: "?receipt=true")).Json["reason"]!.GetValue<string>());
        await WrittenAsync(hooked, receipt);
        Assert.Equal(HookedMesh.Carried, await hooked.StateAsync(directive));
    }

    /// <summary>A compaction forgets what hooks have told.</summary>
    [Fact]
    public async Task Steer_ThatIsNotProven_IsToldAgain_AfterACompaction()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "PreToolUse");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("PostToolUse");
        var told = (await hooked.TakeAsync("SessionStart.compact")).Json;
        Assert.Equal(hooked.Words(directive), told["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>());
    }

    [Fact]
    public async Task Steers_ThatDoNotFit_AreNamed_AndComeNext()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var message = $$""" "direction":"north","message":"{{new string('x', 7000)}}" """;
        await hooked.SteerAsync(more: message);
        var second = await hooked.SteerAsync(more: message);
        var told = (await hooked.TakeAsync("PreToolUse")).Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>();
        Assert.EndsWith($"\n1 more come with the next answers: {second}\n", told, StringComparison.Ordinal);
        Assert.InRange(told.Length, 7000, 9000);
        Assert.Contains(
            second, (await hooked.TakeAsync("PostToolUse")).Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>(),
            StringComparison.Ordinal);
    }

    /// <summary>What is around the words of a steer counts, too: an answer that is longer than the programs take would lose some.</summary>
    [Fact]
    public async Task Steers_WithADirectionAlone_GoOutAsFarAsTheyFit_AndAllArriveInTheirOrder()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var sent = new List<string>();
        for (var i = 0; i < 100; i++)
        {
            sent.Add(await hooked.SteerAsync(more: $""" "direction":"{new string('d', 256)}" """));
        }

        var told = new List<string>();
        for (var i = 0; i < 20 && told.Count < sent.Count; i++)
        {
            var words = (await hooked.TakeAsync("PostToolUse")).Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>();
            Assert.InRange(words.Length, 1, 9000);
            told.AddRange(words.Split("(directive ").Skip(1).Select(rest => rest[..rest.IndexOf(')', StringComparison.Ordinal)]));
            Assert.Equal(sent.Take(told.Count), told);
            Assert.Equal(
                sent.Count - told.Count > 0,
                words.Contains($"\n{sent.Count - told.Count} more come with the next answers: ", StringComparison.Ordinal));
        }

        Assert.Equal(sent, told);
    }

    [Fact]
    public async Task Steer_WithALongMessageAndData_IsCutWithinTheBound()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var (message, data) = (new string('m', 16_000), new string('d', 8000));
        await hooked.SteerAsync(more: $$""" "direction":"{{new string('n', 256)}}","message":"{{message}}","data":"{{data}}" """);
        for (var i = 0; i < 30; i++)
        {
            await hooked.SteerAsync();
        }

        var words = (await hooked.TakeAsync("PreToolUse")).Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>();
        Assert.InRange(words.Length, 7900, 9000);
        Assert.Equal(2, words.Split(" more characters: session-mesh history ").Length - 1);
        Assert.EndsWith(", …\n", words, StringComparison.Ordinal);
    }

    /// <summary>Claude Code overrides the ninth stop in a row that is blocked: what would be said there is for whoever wakes it.</summary>
    [Fact]
    public async Task Steer_AtTheEighthStopInARow_WaitsForTheWaker()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit");
        for (var i = 0; i < 7; i++)
        {
            await hooked.SteerAsync();
            Assert.Equal("block", (await hooked.TakeAsync("Stop")).Json["decision"]!.GetValue<string>());
        }

        var last = await hooked.SteerAsync();
        await hooked.PassAsync("Stop");
        Assert.Equal("queued", await hooked.StateAsync(last));
        (await hooked.TakeAsync("Stop", query: "?wake=50")).ShouldBe(
            200, new JsonObject { ["words"] = hooked.Words(last) }.ToJsonString());
        await hooked.PassAsync("PreToolUse");
        await hooked.SteerAsync();
        Assert.Equal("block", (await hooked.TakeAsync("Stop")).Json["decision"]!.GetValue<string>());
    }

    /// <summary>A person may write while the model answers: the tools of that answer were asked for without the words.</summary>
    [Fact]
    public async Task ClaudeAcknowledges_AfterAPromptInMidAnswer_NotBeforeTheNext()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolBatch");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("UserPromptSubmit");
        await hooked.PassAsync("PreToolUse", "PostToolUse");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("PostToolBatch", "PreToolUse");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>The thousand and first sub-agent takes the place of the longest silent, and of no other.</summary>
    [Fact]
    public async Task Steer_ToTheLastOfManySubAgents_IsToldOnce()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        for (var i = 0; i <= 1000; i++)
        {
            (await hooked.Mesh.PostAsync("hooks/claude-code", hooked.Event("SubagentStart", $"sub-{i}"))).ShouldBe(200, "{}");
        }

        var (first, last) = ("sub-0", "sub-1000");
        await hooked.SteerAsync($"{hooked.Main}.{last}");
        await hooked.SteerAsync($"{hooked.Main}.{first}");
        Assert.NotEqual("{}", (await hooked.TakeAsync("PostToolUse.in-subagent", last)).Text);
        (await hooked.TakeAsync("PostToolUse.in-subagent", last)).ShouldBe(200, "{}");
        Assert.NotEqual("{}", (await hooked.TakeAsync("PostToolUse.in-subagent", first)).Text);
        (await hooked.TakeAsync("PostToolUse.in-subagent", first)).ShouldBe(200, "{}");
    }

    [Fact]
    public async Task Steer_ThatIsLonger_IsCut_AndSaysWhereTheRestIs()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        await hooked.SteerAsync(more: $$""" "direction":"north","message":"{{new string('x', 16_000)}}" """);
        var told = (await hooked.TakeAsync("PreToolUse")).Json["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>();
        Assert.Matches($@"x\n\(\d+ more characters: session-mesh history {hooked.Main}\)\n$", told);
        Assert.InRange(told.Length, 8000, 9000);
    }

    [Fact]
    public async Task Steer_ToASessionAtRest_WakesIt()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit");
        var wake = hooked.TakeAsync("Stop", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        await hooked.PassAsync("Stop");
        var directive = await hooked.SteerAsync();
        (await wake).ShouldBe(200, new JsonObject { ["words"] = hooked.Words(directive) }.ToJsonString());
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("PreToolUse");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>Both hooks of a start run at once, and the one that waits may be the first to be heard.</summary>
    [Fact]
    public async Task Wake_BeforeTheStartItself_WaitsOn()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        var wake = hooked.TakeAsync("SessionStart", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(await hooked.AgentsAsync());
        await hooked.PassAsync("SessionStart");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        var directive = await hooked.SteerAsync();
        (await wake).ShouldBe(200, new JsonObject { ["words"] = hooked.Words(directive) }.ToJsonString());
    }

    /// <summary>What a session has left behind and still waits is no sign of its life.</summary>
    [Fact]
    public async Task Wake_AfterTheEnd_RegistersNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "SessionEnd");
        var wake = hooked.TakeAsync("Stop", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(10));
        var answer = (await hooked.Mesh.AdvanceUntilAsync(wake, 10)).ShouldBe(200, "{}");
        Assert.False(answer.Headers.ContainsKey("X-Mesh-Again"));
        Assert.Equal([$"{hooked.Main} dead"], await hooked.AgentsAsync());
        Assert.Equal(1, (await hooked.AgentAsync())["incarnation"]!.GetValue<int>());
    }

    /// <summary>Both hooks of a stop run at once: what the one that waits has said is not proven by the stop itself.</summary>
    [Fact]
    public async Task Wake_BeforeTheStopItself_SaysNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart", "UserPromptSubmit");
        var directive = await hooked.SteerAsync();
        var wake = hooked.TakeAsync("Stop", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        Assert.Equal(hooked.Words(directive), (await hooked.TakeAsync("Stop")).Json["reason"]!.GetValue<string>());
        await hooked.PassAsync("Stop");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
        await hooked.PassAsync("UserPromptSubmit");
        Assert.False(wake.IsCompleted);
        await hooked.PassAsync("SessionEnd");
        (await wake).ShouldBe(200, "{}");
    }

    /// <summary>A person who breaks a turn off leaves no event of the program: whoever waits has waited through the turn.</summary>
    [Fact]
    public async Task Steer_AfterATurnWasBrokenOff_WakesTheSession()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var wake = hooked.TakeAsync("SessionStart", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        await PromptAsync("one");
        var directive = await hooked.SteerAsync();
        await InterruptAsync("none");
        Assert.Equal(("working", false), ((await hooked.AgentAsync())["activity"]!.GetValue<string>(), wake.IsCompleted));
        await InterruptAsync("one");
        (await wake).ShouldBe(200, new JsonObject { ["words"] = hooked.Words(directive) }.ToJsonString());
        Assert.Equal("waiting", (await hooked.AgentAsync())["activity"]!.GetValue<string>());

        async Task PromptAsync(string id) =>
            (await hooked.TakeAsync("UserPromptSubmit", change: happening => happening["prompt_id"] = id)).ShouldBe(200, "{}");

        async Task InterruptAsync(string id) => (await hooked.TakeAsync("Stop", change: happening =>
        {
            happening["hook_event_name"] = "session-mesh:interrupted";
            happening["prompt_id"] = id;
        })).ShouldBe(200, "{}");
    }

    [Fact]
    public async Task Wake_EndsWhenAnotherWaits_OrTheSessionEnds_AndAsksAgainWhenItsTimeIsUp()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var first = hooked.TakeAsync("SessionStart", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        var second = hooked.TakeAsync("Stop", query: "?wake=51");
        (await first).ShouldBe(200, "{}");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(51));
        await hooked.PassAsync("SessionEnd");
        var over = (await second).ShouldBe(200, "{}");
        Assert.False(over.Headers.ContainsKey("X-Mesh-Again"));
        await hooked.PassAsync("SessionStart.resume");
        var third = hooked.TakeAsync("Stop", query: "?wake=52");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(52));
        Assert.Equal("wake", (await hooked.Mesh.AdvanceUntilAsync(third, 52)).Headers["X-Mesh-Again"]);
    }

    private static string Written(HookedMesh hooked, string receipt) => hooked.Event("Stop", change: happening =>
    {
        happening["hook_event_name"] = "session-mesh:written";
        happening["receipt"] = receipt;
    });

    private static async Task WrittenAsync(HookedMesh hooked, string receipt)
    {
        (await hooked.Mesh.PostAsync("hooks/claude-code", Written(hooked, receipt))).ShouldBe(200, "{}");
        await hooked.Mesh.SettleAsync();
    }
}
