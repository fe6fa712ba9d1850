namespace SessionMesh.Cli.Tests.Watch;

/// <summary><c>--watch</c>: what it prints of what changes, and how it goes on.</summary>
public sealed class WatchTests
{
    private const string Over = """
        {
          "type": "urn:session-mesh:error:key_revoked",
          "title": "key revoked",
          "status": 401,
          "detail": "it was revoked",
          "code": "key_revoked"
        }

        """;

    [Fact]
    public async Task Json_IsALineForEachRowThatIsAddedChangedOrRemoved()
    {
        using var tool = new Tool();
        using var server = new ChangingServer(
            Page("""{"agent_id":"a","load":0.1,"expires_at":"1"},{"agent_id":"b","load":0.2}"""),
            Page("""{"agent_id":"a","load":0.1,"expires_at":"2"},{"agent_id":"b","load":0.3}"""), // a has beaten, and that is all
            Page("""{"agent_id":"c"},{"agent_id":"b","load":0.3}"""));

        Assert.Equal(
            new Ran(4, """
                {"change":"added","row":{"agent_id":"a","load":0.1,"expires_at":"1"}}
                {"change":"added","row":{"agent_id":"b","load":0.2}}
                {"change":"changed","row":{"agent_id":"b","load":0.3}}
                {"change":"added","row":{"agent_id":"c"}}
                {"change":"removed","row":{"agent_id":"a","load":0.1,"expires_at":"2"}}

                """, Over),
            await tool.RunAsync("list --watch -o json", server));
        Assert.Equal(["/events?kind=agent.%2A%2Cdirective.acknowledged", "/alive?limit=1000"], server.Calls);
    }

    [Theory]
    [InlineData("list -w --kind all", "/events?kind=agent.%2A%2Csession.%2A%2Cdirective.acknowledged", "/alive?kind=all&limit=1000")]
    [InlineData("show a -w", "/events?subject=a", "/agents/a?events=10")]
    [InlineData("tree lead -w", "/events?kind=agent.%2A%2Cdirective.%2A", "/topology?root=lead&limit=1000")]
    [InlineData("keys list -w", "/events?kind=key.%2A", "/keys?limit=1000")]
    [InlineData("session list -w", "/events?kind=session.%2A", "/sessions?limit=1000")]
    [InlineData("session list -w --kind all", "/events?kind=agent.%2A%2Csession.%2A", "/sessions?kind=all&limit=1000")]
    public async Task EachList_LooksAfterItsOwnEvents(string line, string events, string read)
    {
        using var tool = new Tool();
        using var server = new ChangingServer(
            """{"sessions":[],"keys":[],"agents":[],"count":0,"next_cursor":null,"as_of":"1","agent_id":"a"}""");
        Assert.Equal(4, (await tool.RunAsync(line + " -o json", server)).Code);
        Assert.Equal([events, read], server.Calls);
    }

    [Fact]
    public async Task ServerThatGoesAway_IsWaitedFor_AndWhatChangedMeanwhileIsShown()
    {
        using var tool = new Tool();
        using var server = new ChangingServer(
            Page("""{"agent_id":"a"}"""), null, null, null, null, null, null, Page("""{"agent_id":"b"}"""));

        Assert.Equal(
            new Ran(4, """
                {"change":"added","row":{"agent_id":"a"}}
                {"change":"added","row":{"agent_id":"b"}}
                {"change":"removed","row":{"agent_id":"a"}}

                """, "the server has gone; reconnecting\n" + Over),
            await tool.RunAsync("list -w -o json", server));
    }

    [Fact]
    public async Task Table_IsDrawnOverItself_WithinTheTerminal_AndTheCursorComesBack()
    {
        using var tool = new Tool { Width = 40, Height = 5 };
        using var server = new ChangingServer(
            Page("""{"agent_id":"b"},{"agent_id":"a"}"""), Page("""{"agent_id":"c"},{"agent_id":"b"},{"agent_id":"a"}"""));
        tool.Env["NO_COLOR"] = "1";

        var ran = await tool.RunAsync("list --watch --fields agent_id", server);

        Assert.Equal(4, ran.Code);
        var screens = ran.Out.Split("\e[H\e[?7l");
        Assert.Equal("\e[?25l\e[2J", screens[0]);
        Assert.Equal("2 rows at 03:04:05 UTC; Ctrl+C ends\e[K\nAGENT ID\e[K\na\e[K\nb\e[K\n\e[J\e[?7h", screens[1]);
        Assert.NotEmpty(screens[2..]); // drawn again at every tick: the time is in its first line
        Assert.All(screens[2..], screen => Assert.Matches(
            "^3 rows at [0-9]{2}:[0-9]{2}:[0-9]{2} UTC; Ctrl\\+C ends\e\\[K\n"
                + "AGENT ID\e\\[K\na\e\\[K\n… 2 more lines: .*\e\\[K\n\e\\[J\e\\[\\?7h(\e\\[\\?25h)?$",
            screen));
        Assert.EndsWith("\e[?25h", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tree_IsDrawnAsATree_AndAgainAsItChanges()
    {
        static string Forest(string rows) => $$"""{"agents":[{{rows}}],"links":[],"count":2,"next_cursor":null,"as_of":"1"}""";
        using var tool = new Tool { Width = 40, Height = 9 };
        using var server = new ChangingServer(
            Forest("""{"agent_id":"b","parent_id":"lead"},{"agent_id":"lead","parent_id":null}"""),
            Forest("""{"agent_id":"a","parent_id":"lead"},{"agent_id":"b","parent_id":"a"},{"agent_id":"lead","parent_id":null}"""));
        tool.Env["NO_COLOR"] = "1";

        var ran = await tool.RunAsync("tree --watch --fields branch", server);

        Assert.Equal(4, ran.Code);
        var screens = ran.Out.Split("\e[H\e[?7l");
        Assert.Contains("BRANCH\e[K\nlead\e[K\n└─ b\e[K\n", screens[1], StringComparison.Ordinal);
        Assert.Contains("BRANCH\e[K\nlead\e[K\n└─ a\e[K\n   └─ b\e[K\n", screens[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_OfOneThatIsForgotten_HasNothingLeft_AndOfOneThatNeverWas_IsCode3()
    {
        using var tool = new Tool();
        using var server = new ChangingServer("""{"agent_id":"a"}""", "404");
        Assert.Equal(
            new Ran(4, """
                {"change":"added","row":{"agent_id":"a"}}
                {"change":"removed","row":{"agent_id":"a"}}

                """, Over),
            await tool.RunAsync("show a -w -o json", server));
        using var empty = new ChangingServer("404", "404");
        Assert.Equal(3, (await tool.RunAsync("show a -w -o json", empty)).Code);
    }

    [Theory]
    [InlineData("list -w", null, "xterm")]
    [InlineData("list -w", 80, "dumb")]
    [InlineData("list -w -o csv", 80, "xterm")]
    [InlineData("keys list -w -o name", 80, "xterm")]
    public async Task WhereNothingCanBeDrawn_ItIsRefused_AndAsksNobody(string line, int? width, string term)
    {
        using var tool = new Tool { Width = width };
        tool.Env["TERM"] = term;
        using var server = new ChangingServer("{}");
        var ran = await tool.RunAsync(line, server);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("  try: -o json prints each change as a line\n", ran.Error, StringComparison.Ordinal);
        Assert.Empty(server.Calls);
    }

    private static string Page(string rows) => $$"""{"sessions":[{{rows}}],"count":0,"next_cursor":null,"as_of":"1"}""";
}
