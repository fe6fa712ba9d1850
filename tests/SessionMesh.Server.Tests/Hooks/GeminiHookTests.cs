using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>Gemini CLI's events, as it was seen to send them, and answers as it was seen to take them.</summary>
public sealed class GeminiHookTests
{
    private const string Gemini = "gemini";
    private const string NotRun = "and has not resumed it in time. This tool was not run. It may be tried again.";

    [Theory]
    [InlineData("SessionStart", "alive idle")]
    [InlineData("BeforeAgent", "alive working")]
    [InlineData("BeforeModel", "alive working")]
    [InlineData("BeforeTool", "alive working")]
    [InlineData("BeforeTool.invoke_agent", "alive working")]
    [InlineData("AfterTool", "alive working")]
    [InlineData("AfterTool.invoke_agent", "alive working")]
    [InlineData("AfterAgent", "alive waiting")]
    [InlineData("SessionEnd", "dead")]
    [InlineData("PreCompress", null)]
    public async Task Event_ThatIsTheFirst_RegistersItsAgent(string sample, string? expected)
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync(sample);
        Assert.Equal(expected is null ? [] : [$"{hooked.Main} {expected}"], await hooked.AgentsAsync());
    }

    [Fact]
    public void EverySample_IsTried()
    {
        var tried = typeof(GeminiHookTests).GetMethod(nameof(Event_ThatIsTheFirst_RegistersItsAgent))!.GetCustomAttributes(false)
            .OfType<InlineDataAttribute>().Select(data => (string)data.GetData(null!).Single()[0]);
        Assert.Equal(HookedMesh.Samples(Gemini), tried.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("SessionStart")]
    [InlineData("BeforeAgent")]
    [InlineData("AfterTool")]
    public async Task Steer_RidesOutAsContext_AndTheNextRequestProvesIt(string sample)
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        (await hooked.TakeAsync(sample)).ShouldBe(200, new JsonObject
        {
            ["hookSpecificOutput"] = new JsonObject
            {
                ["hookEventName"] = sample,
                ["additionalContext"] = hooked.Words(directive),
            },
        }.ToJsonString());
        await hooked.PassAsync("BeforeTool", "AfterTool");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("BeforeModel");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    [Fact]
    public async Task Steer_AtAStop_MakesTheAgentGoOn()
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        (await hooked.TakeAsync("AfterAgent")).ShouldBe(
            200, new JsonObject { ["decision"] = "block", ["reason"] = hooked.Words(directive) }.ToJsonString());
        await hooked.PassAsync("BeforeAgent");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("BeforeModel");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>A turn that ends before the next request proves nothing of what it was told last.</summary>
    [Fact]
    public async Task Stop_ProvesNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("AfterTool");
        await hooked.PassAsync("AfterAgent");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("BeforeAgent", "BeforeModel");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    [Theory]
    [InlineData("BeforeTool")]
    [InlineData("BeforeModel")]
    [InlineData("PreCompress")]
    public async Task Steer_WaitsForAnEvent_ThatCanCarryIt(string sample)
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart");
        var directive = await hooked.SteerAsync();
        await hooked.PassAsync(sample);
        Assert.Equal("queued", await hooked.StateAsync(directive));
    }

    /// <summary>A sub-agent's events look like the main agent's: what is said to one would be read by the other.</summary>
    [Fact]
    public async Task Steer_WaitsForTheEndOfASubAgent_WhichHasNoId()
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart", "BeforeTool.invoke_agent", "BeforeModel", "BeforeTool");
        var directive = await hooked.SteerAsync();
        await hooked.PassAsync("AfterTool", "BeforeModel");
        Assert.Equal("queued", await hooked.StateAsync(directive));
        var told = (await hooked.TakeAsync("AfterTool.invoke_agent")).Json;
        Assert.Equal(hooked.Words(directive), told["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>());
        await hooked.PassAsync("BeforeModel");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>Of two tools of one answer the second runs a sub-agent: its requests have nothing of what the first carried.</summary>
    [Fact]
    public async Task RequestOfASubAgent_ProvesNothing()
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart", "BeforeTool");
        var directive = await hooked.SteerAsync();
        await hooked.TakeAsync("AfterTool");
        await hooked.PassAsync("BeforeTool.invoke_agent", "BeforeModel");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("AfterTool.invoke_agent", "BeforeModel");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>A tool that was denied has no end: the turn's end is one.</summary>
    [Fact]
    public async Task SubAgent_ThatNeverRan_IsForgotten_WhenTheTurnEnds()
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart", "BeforeTool.invoke_agent");
        var directive = await hooked.SteerAsync();
        Assert.Equal(hooked.Words(directive), (await hooked.TakeAsync("AfterAgent")).Json["reason"]!.GetValue<string>());
    }

    [Fact]
    public async Task Pause_HoldsTheNextTool_AndDeniesItWhenTheTimeIsUp()
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart");
        await hooked.SteerAsync(more: """ "verb":"pause" """);
        await hooked.PassAsync("BeforeModel");
        (await hooked.TakeAsync("BeforeTool", query: "?hold=0&deny=true")).ShouldBe(200, $$"""
            {"decision":"deny","reason":"Session Mesh: an operator has paused this agent, {{hooked.Main}}, {{NotRun}}"}
            """);
        await hooked.SteerAsync(more: """ "verb":"resume" """);
        await hooked.PassAsync("BeforeTool");
    }

    /// <summary>A tool that is held is asked for again and again: its sub-agent is one.</summary>
    [Fact]
    public async Task SubAgent_WithoutAnId_OfACallThatWasHeld_CountsOnce()
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart");
        await hooked.SteerAsync(more: """ "verb":"pause" """);
        await hooked.TakeAsync("BeforeTool.invoke_agent", query: "?hold=0");
        await hooked.TakeAsync("BeforeTool.invoke_agent", query: "?hold=0");
        await hooked.SteerAsync(more: """ "verb":"resume" """);
        await hooked.PassAsync("BeforeTool.invoke_agent");
        var directive = await hooked.SteerAsync();
        await hooked.PassAsync("AfterTool");
        var told = (await hooked.TakeAsync("AfterTool.invoke_agent")).Json;
        Assert.Equal(hooked.Words(directive), told["hookSpecificOutput"]!["additionalContext"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("BeforeAgent")]
    [InlineData("BeforeModel")]
    [InlineData("BeforeTool")]
    [InlineData("AfterTool")]
    [InlineData("AfterAgent")]
    public async Task Kill_EndsTheAgent_AtTheNextEvent(string sample)
    {
        await using var hooked = await HookedMesh.StartAsync(Gemini);
        await hooked.PassAsync("SessionStart");
        await hooked.Mesh.DeleteAsync($"agents/{hooked.Main}?grace=30");
        var reason = $"Session Mesh: an operator has stopped this agent, {hooked.Main}. No tool runs any more.";
        (await hooked.TakeAsync(sample)).ShouldBe(200, new JsonObject
        {
            ["continue"] = false,
            ["stopReason"] = reason,
            ["decision"] = "deny",
            ["reason"] = reason,
        }.ToJsonString());
    }
}
