using SessionMesh.Cli.Tests.Commands;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Agents;

public sealed class ForgetTests
{
    private const string Gone = """{"agent_id":"456","incarnation":3,"status":"dead","orphans":1}""";

    private const string Alive = """
        {"type":"urn:session-mesh:error:not_gone","title":"Conflict","status":409,
         "detail":"Agent '457' is alive; only one that is dead or lost can be forgotten.","code":"not_gone"}
        """;

    [Fact]
    public async Task OnATerminal_ItAsks_AndNamesWhatWillHappen()
    {
        using var tool = new Tool(Json(200, """{"agent_id":"456","status":"dead","descendants":2}"""), Json(200, Gone)) { Typed = "y" };

        var ran = await tool.RunAsync("forget 456 -o json");

        Assert.Equal(
            (0, "Forget agent 456 (dead; 2 descendants live on), with its keys and what it was told? [y/N] "), (ran.Code, ran.Error));
        Assert.Equal(["GET /agents/456", "DELETE /agents/456?forget=true"], tool.Calls);
    }

    [Fact]
    public async Task No_ForgetsNothing()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"456","status":"lost","descendants":0}"""),
            Json(200, """{"agent_id":"457","status":"dead","descendants":1}"""))
        {
            Typed = "n",
        };

        Assert.Equal(
            new Ran(
                1,
                "",
                "Forget agents 456 (lost), 457 (dead; 1 descendant lives on), with their keys and what they were told? [y/N] "
                + "nothing was forgotten\n"),
            await tool.RunAsync("forget 456 --agent-id 457"));
        Assert.Equal(["GET /agents/456", "GET /agents/457"], tool.Calls);
    }

    [Fact]
    public async Task WithoutATerminal_ItRefuses_AndNamesTheFlag()
    {
        using var tool = new Tool();

        var ran = await tool.RunAsync("forget 456");

        Assert.Equal(2, ran.Code);
        Assert.Contains("--yes", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    [Fact]
    public async Task Yes_DoesNotAsk_AndSaysWhatItWas()
    {
        using var tool = new Tool(Json(200, Gone));

        var ran = await tool.RunAsync("forget 456 --yes");

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(
            "agent id     456\nincarnation  3\nstatus       dead\norphans      1\n", ran.Out.Replace(":", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OneOfSeveralThatIsRefused_DoesNotKeepTheOthers()
    {
        using var tool = new Tool(Json(409, Alive), Json(200, Gone));

        var ran = await tool.RunAsync("forget 457 456 457 --yes -o json");

        Assert.Equal(7, ran.Code);
        Assert.Equal(["DELETE /agents/457?forget=true", "DELETE /agents/456?forget=true"], tool.Calls);
        Assert.Equal(
            """[{"agent_id":"457","code":"not_gone"},{"agent_id":"456","incarnation":3,"status":"dead","orphans":1}]""",
            System.Text.Json.Nodes.JsonNode.Parse(ran.Out)!["results"]!.ToJsonString());
        Assert.EndsWith("1 of 2 agents forgotten\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneAlone_ThatIsRefused_IsAConflict()
    {
        using var tool = new Tool(Json(409, Alive));

        var ran = await tool.RunAsync("forget 457 --yes");

        Assert.Equal(5, ran.Code);
        Assert.Contains("session-mesh kill ID", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRun_ForgetsNothing()
    {
        using var tool = new Tool(
            Json(200, """{"agent_id":"456","status":"dead"}"""), Json(200, """{"agent_id":"457","status":"alive"}"""));

        var ran = await tool.RunAsync("forget 456 457 --dry-run -o name");

        Assert.Equal(new Ran(0, "456\n457\n", "dry run: nothing was forgotten\n"), ran);
        Assert.Equal(["GET /agents/456", "GET /agents/457"], tool.Calls);
    }

    [Theory]
    [InlineData("forget", "no agent is named")]
    [InlineData("forget a/b", "is not an id")]
    public async Task NobodyNamed_OrNoId_IsRefused(string line, string why)
    {
        using var tool = new Tool();

        var ran = await tool.RunAsync(line);

        Assert.Equal(2, ran.Code);
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
    }
}
