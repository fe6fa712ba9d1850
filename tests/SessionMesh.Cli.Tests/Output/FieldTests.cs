using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Output;

/// <summary><c>--fields</c> is checked before anything is done, whatever the format.</summary>
public sealed class FieldTests
{
    [Theory]
    [InlineData("json")]
    [InlineData("jsonl")]
    [InlineData("yaml")]
    [InlineData("csv")]
    [InlineData("name")]
    [InlineData("table")]
    [InlineData("wide")]
    public async Task UnknownField_IsRefused_WithTheNearest(string format)
    {
        using var tool = new Tool(Broken());

        var ran = await tool.RunAsync($"kill a1 --yes --fields agent_id,confirmd -o {format}");

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("there is no field 'confirmd' (did you mean 'confirmed'?)", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task UnknownField_UnderSession_IsAUsageErrorOfItsOwn()
    {
        using var tool = new Tool(Broken());

        var ran = await tool.RunAsync("session delete abc123 --fields delted");

        Assert.Equal(
            new Ran(
                1, "", """{"error":"there is no field 'delted' (did you mean 'deleted'?); --fields takes deleted, ok"}""" + "\n"),
            ran);
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("list --fields agent_id,epoch")]
    [InlineData("list --fields progress_interval,last_progress_at")]
    public async Task FieldsThatNoColumnShows_AreKnown(string line)
    {
        using var tool = new Tool(Json(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"1"}"""));

        Assert.Equal(0, (await tool.RunAsync(line + " -o json")).Code);
    }

    [Fact]
    public async Task EventsHaveFieldsOfTheirKind_WhichNobodyCanCheck()
    {
        using var tool = new Tool(Stream(
            "event: agent.registered\nid: 8\ndata: {\"revision\":8,\"kind\":\"agent.registered\",\"subject\":\"a\",\"anything\":1}\n\n"));

        Assert.Equal(new Ran(0, "{\"anything\":1}\n", ""), await tool.RunAsync("events --limit 1 -o json --fields anything"));
    }
}
