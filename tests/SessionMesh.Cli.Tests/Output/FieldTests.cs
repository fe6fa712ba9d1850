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

    /// <summary>What a table calls a column is not always its member's name.</summary>
    [Theory]
    [InlineData("keys list --fields name -o json", "there is no field 'name'; the column NAME is 'session_key'")]
    [InlineData("keys list --fields key_id,last_used", "there is no field 'last_used'; the column LAST_USED is 'last_used_at'")]
    [InlineData("keys list --sort name", "there is no field 'name'; the column NAME is 'session_key'")]
    [InlineData("list --sort -bogus", "there is no field 'bogus'")]
    [InlineData("list --sort bogus -o jsonl", "there is no field 'bogus'")]
    [InlineData("list --sort lod", "there is no field 'lod' (did you mean 'load'?)")]
    [InlineData("list --fields ,", "--fields names no field")]
    [InlineData("list --sort ,", "--sort names no field")]
    [InlineData("events --fields ,", "--fields names no field")]
    public async Task FieldThatThereIsNot_IsRefused_WithTheOneThatIsMeant(string line, string why)
    {
        using var tool = new Tool(Broken());
        var ran = await tool.RunAsync(line);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("--fields")]
    [InlineData("--sort")]
    public async Task EmptyField_IsRefused(string option)
    {
        using var tool = new Tool(Broken());
        var ran = await tool.RunAsync(["keys", "list", option, ""]);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Matches($"^error: cannot list.*\n  why: {option} names no field\n  try: {option} takes agent_id, created_at, ", ran.Error);
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
