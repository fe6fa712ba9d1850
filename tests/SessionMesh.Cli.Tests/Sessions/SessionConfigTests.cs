using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Sessions;

public sealed class SessionConfigTests
{
    private static readonly Func<CancellationToken, Task<HttpResponseMessage>> s_row = Json(201, SessionCommandTests.Row);

    [Fact]
    public async Task Config_ShowsWhatHolds_AndAsksNoServer()
    {
        using var tool = new Tool(s_row);

        Assert.Equal(
            new Ran(0, "{\n  \"ok\": true,\n  \"config\": {\n    \"default_ttl\": 3600\n  }\n}\n", ""),
            await tool.RunAsync("session config"));
        Assert.Equal(new Ran(0, "{\n  \"ok\": true,\n  \"default_ttl\": 3600\n}\n", ""), await tool.RunAsync("session config default_ttl"));
        Assert.Equal(
            new Ran(0, "{\n  \"ok\": true,\n  \"default_user\": null\n}\n", ""), await tool.RunAsync("session config default_user"));
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task Config_Update_IsKept_AndIsWhatCreateTakes()
    {
        using var tool = new Tool(s_row);

        Assert.Equal(
            new Ran(0, "{\n  \"ok\": true,\n  \"updated\": {\n    \"default_ttl\": 7200\n  }\n}\n", ""),
            await tool.RunAsync("session config default_ttl 2h"));
        Assert.Equal(
            new Ran(0, "{\n  \"ok\": true,\n  \"updated\": {\n    \"default_user\": \"alice\"\n  }\n}\n", ""),
            await tool.RunAsync("session config default_user alice"));
        Assert.Equal(
            "{\n  \"ok\": true,\n  \"config\": {\n    \"default_ttl\": 7200,\n    \"default_user\": \"alice\"\n  }\n}\n",
            (await tool.RunAsync("session config")).Out);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(Path.Combine(tool.Home, ".config/session-mesh/session.json")));

        await tool.RunAsync("session create");
        await tool.RunAsync("session create --user bob --ttl none");
        Assert.Equal(["""POST /sessions {"user":"alice","ttl":7200}""", """POST /sessions {"user":"bob","ttl":"none"}"""], tool.Calls);
    }

    [Fact]
    public async Task Config_NoneAndUnset()
    {
        using var tool = new Tool(s_row);

        Assert.Contains(
            "\"default_ttl\": \"none\"", (await tool.RunAsync("session config default_ttl none")).Out, StringComparison.Ordinal);
        await tool.RunAsync("session create");
        Assert.Contains("\"default_ttl\": 3600", (await tool.RunAsync("session config default_ttl --unset")).Out, StringComparison.Ordinal);
        await tool.RunAsync("session create");
        Assert.Equal(["""POST /sessions {"ttl":"none"}""", "POST /sessions {}"], tool.Calls);
    }

    [Theory]
    [InlineData("""{"default_ttl":7200}""", """POST /sessions {"ttl":7200}""", "")]
    [InlineData("""{"default_ttl":"7200","other":[1]}""", """POST /sessions {"ttl":7200}""", "")]
    [InlineData("""{"other":1}""", "POST /sessions {}", "")]
    [InlineData(
        """{"default_ttl":-1}""", "POST /sessions {}", "{0} holds no default_ttl that can be used; the server's default is taken\n")]
    [InlineData(
        """{"default_ttl":null}""", "POST /sessions {}", "{0} holds no default_ttl that can be used; the server's default is taken\n")]
    [InlineData("[]", "POST /sessions {}", "{0} cannot be read as a JSON object, and is left out\n")]
    [InlineData("oops", "POST /sessions {}", "{0} cannot be read as a JSON object, and is left out\n")]
    public async Task TheOldToolsFile_IsHonouredForTheTtl_AndNeverInTheWay(string content, string call, string note)
    {
        using var tool = new Tool(s_row);
        var file = tool.WriteFile(".session/config.json", content);

        var ran = await tool.RunAsync("session create");

        Assert.Equal((0, string.Format(note, file)), (ran.Code, ran.Error));
        Assert.Equal(call, Assert.Single(tool.Calls));
        await tool.RunAsync("session config default_ttl 60");
        await tool.RunAsync("session create");
        Assert.Equal("""POST /sessions {"ttl":60}""", tool.Calls.Last());
    }

    [Fact]
    public async Task ADamagedFileOfOurs_IsNamed()
    {
        using var tool = new Tool(s_row);
        var file = tool.WriteFile(".config/session-mesh/session.json", "{\n oops");

        Assert.Equal(
            new Ran(1, "", $$"""{"error":"{{file}} is damaged at line 2; repair it, or remove it: rm '{{file}}'"}""" + "\n"),
            await tool.RunAsync("session create"));
        Assert.Empty(tool.Server.Requests);
    }
}
