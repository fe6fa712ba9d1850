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
        Assert.Equal("1", lost.Headers["X-Mesh-Receipt"]);
        (await hooked.TakeAsync("PreToolUse", query: "?receipt=true")).ShouldBe(200, "{}");
        Assert.Equal("queued", await hooked.StateAsync(directive));
        var again = await hooked.TakeAsync("Stop", query: "?receipt=true");
        Assert.Equal(("2", hooked.Words(directive)), (again.Headers["X-Mesh-Receipt"], again.Json["reason"]!.GetValue<string>()));
        await hooked.TakeAsync("Stop", change: happening =>
        {
            happening["hook_event_name"] = "session-mesh:written";
            happening["receipt"] = "2";
        });
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("Stop");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
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
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        (await wake).ShouldBe(200, new JsonObject { ["words"] = hooked.Words(directive) }.ToJsonString());
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
        (await wake).ShouldBe(200, "{}");
    }

    [Fact]
    public async Task Wake_EndsWhenTheSessionStirs_WhenAnotherWaits_AndAsksAgainWhenItsTimeIsUp()
    {
        await using var hooked = await HookedMesh.StartAsync(HookedMesh.Claude);
        await hooked.PassAsync("SessionStart");
        var first = hooked.TakeAsync("SessionStart", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        var second = hooked.TakeAsync("Stop", query: "?wake=51");
        (await first).ShouldBe(200, "{}");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(51));
        await hooked.PassAsync("UserPromptSubmit");
        var stirred = (await second).ShouldBe(200, "{}");
        Assert.False(stirred.Headers.ContainsKey("X-Mesh-Again"));
        var third = hooked.TakeAsync("Stop", query: "?wake=52");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(52));
        Assert.Equal("wake", (await hooked.Mesh.AdvanceUntilAsync(third, 52)).Headers["X-Mesh-Again"]);
    }
}
