using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hooks;

/// <summary>opencode's events, as its plugin sends them.</summary>
public sealed class OpencodeHookTests
{
    private const string Opencode = "opencode";
    private const string Session = "ses_de3097ea9ffeo729wWgpsKWy7Y";
    private const string Main = "opencode-de3097ea";
    private const string Child = "ses_de3093c84ffe8OjPRVfzZ95cn5";
    private const string Sub = Main + ".de3093c84ffe8OjPRVfzZ95cn5";

    [Theory]
    [InlineData("session.start", "alive idle")]
    [InlineData("prompt", "alive working")]
    [InlineData("model.call", "alive working")]
    [InlineData("text", "alive working")]
    [InlineData("tool.before", "alive working")]
    [InlineData("tool.after", "alive working")]
    [InlineData("permission", "alive waiting")]
    [InlineData("session.idle", "alive waiting")]
    [InlineData("session.error", "alive waiting")]
    [InlineData("session.end", "dead")]
    [InlineData("subagent.start", "alive", "alive working")]
    [InlineData("model.call.in-subagent", "alive", "alive working")]
    [InlineData("text.in-subagent", "alive", "alive working")]
    [InlineData("tool.before.in-subagent", "alive", "alive working")]
    [InlineData("tool.after.in-subagent", "alive", "alive working")]
    [InlineData("subagent.idle", "alive")]
    public async Task Event_ThatIsTheFirst_RegistersItsAgents(string sample, string main, string? sub = null)
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync(sample);
        Assert.Equal(sub is null ? [$"{Main} {main}"] : [$"{Main} {main}", $"{Sub} {sub}"], await hooked.AgentsAsync());
    }

    [Fact]
    public async Task SubAgent_IsBelowTheOneThatAskedForIt()
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start", "subagent.start");
        await hooked.TakeAsync("subagent.start", "ses_second", happening => happening["parent_agent_id"] = Child);
        Assert.Equal(
            (Main, Sub, "general"),
            ((await hooked.AgentAsync(Sub))["parent_id"]!.GetValue<string>(),
                (await hooked.AgentAsync(Main + ".second"))["parent_id"]!.GetValue<string>(),
                (await hooked.AgentAsync(Sub))["specializations"]![0]!.GetValue<string>()));
        await hooked.PassAsync("subagent.idle");
        Assert.Equal([$"{Main} alive idle", $"{Sub} dead", $"{Main}.second alive working"], await hooked.AgentsAsync());
    }

    [Theory]
    [InlineData("tool.before")]
    [InlineData("tool.after")]
    [InlineData("text")]
    public async Task Steer_IsTold_AndTheNextRequestProvesIt(string sample)
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start", "prompt");
        var directive = await hooked.SteerAsync(Main);
        (await hooked.TakeAsync(sample)).ShouldBe(200, new JsonObject { ["tell"] = hooked.Words(directive, Main) }.ToJsonString());
        await hooked.PassAsync("tool.before", "tool.after");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("model.call");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>What was told to a turn that was broken off is in the conversation, and in the first request of the next turn.</summary>
    [Fact]
    public async Task Idle_ProvesNothing()
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start", "prompt");
        var directive = await hooked.SteerAsync(Main);
        await hooked.TakeAsync("tool.after");
        await hooked.PassAsync("session.error", "session.idle", "prompt");
        Assert.Equal("delivered", await hooked.StateAsync(directive));
        await hooked.PassAsync("model.call");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    /// <summary>The one above has its result already: words would begin a turn that nobody waits for.</summary>
    [Fact]
    public async Task Steer_ToASubAgentThatIsDone_IsNotTold()
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start", "subagent.start");
        var directive = await hooked.SteerAsync(Sub);
        await hooked.PassAsync("subagent.idle");
        Assert.NotEqual("delivered", await hooked.StateAsync(directive));
        Assert.Equal([$"{Main} alive idle", $"{Sub} dead"], await hooked.AgentsAsync());
    }

    [Fact]
    public async Task Steer_ToASessionAtRest_WakesIt()
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start", "prompt", "session.idle");
        var wake = hooked.TakeAsync("session.idle", query: "?wake=50");
        await hooked.Mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        var directive = await hooked.SteerAsync(Main);
        (await wake).ShouldBe(200, new JsonObject { ["words"] = hooked.Words(directive, Main) }.ToJsonString());
        await hooked.PassAsync("prompt", "model.call");
        Assert.Equal("acknowledged", await hooked.StateAsync(directive));
    }

    [Theory]
    [InlineData("prompt")]
    [InlineData("model.call")]
    [InlineData("tool.before")]
    [InlineData("session.idle")]
    public async Task Kill_DeniesAndEnds(string sample)
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start");
        await hooked.Mesh.DeleteAsync($"agents/{Main}?grace=30");
        (await hooked.TakeAsync(sample)).ShouldBe(200, $$"""
            {"deny":"Session Mesh: an operator has stopped this agent, {{Main}}. No tool runs any more.","end":true}
            """);
    }

    /// <summary>The plugin has ended its session, and the tool in it: the agent above goes on.</summary>
    [Fact]
    public async Task KillOfASubAgent_IsProven_WhenItRests()
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start", "subagent.start");
        await hooked.Mesh.DeleteAsync($"agents/{Sub}?grace=30");
        await hooked.TakeAsync("tool.before.in-subagent");
        await hooked.PassAsync("subagent.idle");
        var exit = (await hooked.AgentAsync(Sub))["last_exit"]!;
        Assert.Equal(
            (true, "it was stopped, and has ended"), (exit["confirmed"]!.GetValue<bool>(), exit["reason"]!.GetValue<string>()));
        await hooked.PassAsync("tool.before");
    }

    [Theory]
    [InlineData("?force=true", 0)]
    [InlineData("?grace=5", 60)]
    public async Task KillOfASubAgent_ThatWasDeclaredDead_IsProven_WhenItRests(string query, int after)
    {
        await using var hooked = await StartAsync();
        await hooked.PassAsync("session.start", "subagent.start");
        await hooked.Mesh.DeleteAsync($"agents/{Sub}{query}");
        await hooked.Mesh.AdvanceAsync(after);
        Assert.True((await hooked.TakeAsync("tool.before.in-subagent")).Json["end"]!.GetValue<bool>());
        Assert.False((await hooked.AgentAsync(Sub))["last_exit"]!["confirmed"]!.GetValue<bool>());
        await hooked.TakeAsync("subagent.idle");
        Assert.True((await hooked.AgentAsync(Sub))["last_exit"]!["confirmed"]!.GetValue<bool>());
    }

    private static Task<HookedMesh> StartAsync() => HookedMesh.StartAsync(Opencode, Session);
}
