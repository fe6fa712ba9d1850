using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Completion;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("PWSH")]
    public async Task EveryShell_HasAScript(string shell)
    {
        using var tool = new Tool(Broken());

        var ran = await tool.RunAsync("completion " + shell);

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains("[suggest:", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LiveAgents_AreKnown_AndWithoutAServerItIsSilent()
    {
        using var there = new Tool(
            Json(200, """{"sessions":[{"agent_id":"a1"},{"agent_id":"a2"}],"count":2,"next_cursor":null,"as_of":"1"}"""));
        Assert.Equal(new Ran(0, "a1\na2\n", ""), await there.RunAsync("[suggest:30] \"session-mesh steer --agent-id \""));

        using var absent = new Tool(Broken());
        Assert.Equal(new Ran(0, "\n", ""), await absent.RunAsync("[suggest:30] \"session-mesh steer --agent-id \""));
        Assert.Single(absent.Server.Requests);
    }
}
