using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Output;

/// <summary>A list is everything that there is, in every format; what bounds it is said.</summary>
public sealed class ListTests
{
    private const string First = """
        {"sessions":[{"agent_id":"b","load":0.5},{"agent_id":"c","load":null}],"count":2,"total":5000,"next_cursor":"c2","as_of":"17"}
        """;

    private const string Last = """
        {"sessions":[{"agent_id":"a","load":10}],"count":1,"next_cursor":null,"as_of":"18"}
        """;

    [Theory]
    [InlineData("-o name", "b c a")]
    [InlineData("-o jsonl --fields agent_id", """{"agent_id":"b"} {"agent_id":"c"} {"agent_id":"a"}""")]
    [InlineData("-o csv --fields agent_id", "agent_id b c a")]
    [InlineData(
        "-o json --fields agent_id",
        """{ "sessions": [ { "agent_id": "b" }, { "agent_id": "c" }, { "agent_id": "a" } ],"""
        + """ "count": 3, "total": 5000, "next_cursor": null, "as_of": "17" }""")]
    [InlineData("--fields agent_id", "AGENT ID a b c")]
    [InlineData("--fields agent_id --sort load", "AGENT ID b a c")]
    [InlineData("-o name --sort -load", "a b c")]
    [InlineData("-o jsonl --fields agent_id --sort agent_id", """{"agent_id":"a"} {"agent_id":"b"} {"agent_id":"c"}""")]
    public async Task List_IsWhole_InTheServersOrderWhereItIsStreamed(string options, string printed)
    {
        using var tool = new Tool(Json(200, First), Json(200, Last));
        var ran = await tool.RunAsync("list " + options);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(printed, string.Join(' ', ran.Out.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)));
    }

    [Theory]
    [InlineData("name", "")]
    [InlineData("json", "")]
    [InlineData("table", "sort=id&")] // the first two of the table
    [InlineData("yaml", "")]
    public async Task Limit_BoundsIt_AndSaysOfHowMany(string format, string sort)
    {
        using var tool = new Tool(Json(200, First));
        var ran = await tool.RunAsync($"list --limit 2 -o {format}");
        Assert.Equal((0, "2 of 5,000: without --limit the list is whole\n"), (ran.Code, ran.Error));
        Assert.StartsWith($"GET /alive?{sort}limit=2", Assert.Single(tool.Calls), StringComparison.Ordinal);
        Assert.EndsWith("total=true", tool.Calls.Single(), StringComparison.Ordinal);
    }

    /// <summary>What comes first in that order may be on the last page.</summary>
    [Theory]
    [InlineData("--sort load", "b a", "5,000")]
    [InlineData("--sort -load", "a b", "5,000")]
    [InlineData("--kind all -o table --fields agent_id --no-headers", "a b", "5,000")]
    public async Task Limit_OfASortedList_IsOfTheWhole(string options, string ids, string total)
    {
        using var tool = new Tool(Json(200, First), Json(200, Last));
        var ran = await tool.RunAsync($"list --limit 2 {(options.Contains("-o ", StringComparison.Ordinal) ? "" : "-o name ")}{options}");
        Assert.Equal(
            new Ran(0, string.Concat(ids.Split(' ').Select(id => id + "\n")), $"2 of {total}: without --limit the list is whole\n"), ran);
        Assert.Equal(2, tool.Calls.Count());
    }

    [Theory]
    [InlineData("list --sort bogus", "there is no field 'bogus'", "agent_id")]
    [InlineData("list --sort load,-lod", "there is no field 'lod' (did you mean 'load'?)", "last_seen")]
    [InlineData("tree --sort bogus", "there is no field 'bogus'", "agent_id")]
    [InlineData("keys list --sort bogus", "there is no field 'bogus'", "expires_at")]
    [InlineData("session list --sort bogus -o table", "there is no field 'bogus'", "created_at", 1)] // as in the old script
    [InlineData("list --sort ,", "--sort names no field", "--sort takes ")]
    public async Task Sort_ByWhatNoRowHas_IsRefusedBeforeAnythingIsRead(string command, string why, string next, int code = 2)
    {
        using var tool = new Tool();
        var ran = await tool.RunAsync(command);
        Assert.Equal((code, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Contains(next, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    /// <summary>The words by which the server sorts, and equal rows by id.</summary>
    [Theory]
    [InlineData("id", "a b c")]
    [InlineData("-id", "c b a")]
    [InlineData("age", "c a b")]
    [InlineData("-age", "a b c")]
    [InlineData("last_seen", "b a c")]
    [InlineData("created_at,-agent_id", "b a c")]
    public async Task Sort_TakesTheServersWords_AndThenTheIds(string sort, string ids)
    {
        const string Rows = """
            {"sessions":[
              {"agent_id":"c","created_at":"2026-01-02T00:00:00Z","last_heartbeat_at":null},
              {"agent_id":"b","created_at":"2026-01-01T00:00:00Z","last_heartbeat_at":"2026-01-03T00:00:00Z"},
              {"agent_id":"a","created_at":"2026-01-01T00:00:00Z","last_heartbeat_at":"2026-01-04T00:00:00Z"}],
             "count":3,"next_cursor":null,"as_of":"1"}
            """;
        using var tool = new Tool(Json(200, Rows));
        var ran = await tool.RunAsync($"list -o name --sort {sort}");
        Assert.Equal(new Ran(0, string.Concat(ids.Split(' ').Select(id => id + "\n")), ""), ran);
    }

    [Fact]
    public async Task Limit_PastAPage_TakesSeveral()
    {
        using var tool = new Tool(Json(200, First), Json(200, Last));
        Assert.Equal(new Ran(0, "b\nc\na\n", ""), await tool.RunAsync("list --limit 1001 -o name"));
        Assert.Equal(
            [
                "GET /alive?limit=1000&fields=agent_id%2Csession_id&total=true",
                "GET /alive?limit=999&cursor=c2&fields=agent_id%2Csession_id",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task ServerThatGoesRoundInCircles_IsAnError()
    {
        using var tool = new Tool(Json(200, First));
        var ran = await tool.RunAsync("list -o name");
        Assert.Equal(1, ran.Code);
        Assert.Contains("the server answers the same page again and again", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("name")]
    [InlineData("table")]
    public async Task ClusterOfTheContext_IsSaidInEveryFormat(string format)
    {
        using var tool = new Tool(Json(200, Last));
        tool.WriteFile(".config/session-mesh/contexts.json", """{"selected":"x","contexts":[{"name":"x","cluster":"blue"}]}""");
        var ran = await tool.RunAsync($"list -o {format}");
        Assert.Equal((0, "only cluster blue, as the selected context says; --all-clusters shows the others\n"), (ran.Code, ran.Error));
    }

    [Fact]
    public async Task LabelAndSubtree_GoToTheServer()
    {
        using var tool = new Tool(Json(200, Last));
        Assert.Equal(0, (await tool.RunAsync("list -l env=prod --label tier=free --subtree lead -o json")).Code);
        Assert.Equal("GET /alive?label=env%3Dprod%2Ctier%3Dfree&subtree=lead&limit=1000", Assert.Single(tool.Calls));
    }

    /// <summary>A real pager: what it was given is in a file.</summary>
    [Fact]
    public async Task Pager_ShowsWhatIsLongerThanTheScreen_AndNothingElse()
    {
        using var tool = new Tool(Json(200, First), Json(200, Last), Json(200, First), Json(200, Last), Json(200, Last), Json(200, Last))
        {
            Width = 80,
            Height = 4,
        };
        tool.Env["NO_COLOR"] = "1";
        tool.Env["PAGER"] = $"cat > {tool.Home}/paged";
        Assert.Equal(new Ran(0, "", ""), await tool.RunAsync("list --fields agent_id"));
        Assert.Equal("AGENT ID\na\nb\nc\n", await File.ReadAllTextAsync(Path.Combine(tool.Home, "paged")));

        Assert.Equal(new Ran(0, "AGENT ID\na\nb\nc\n", ""), await tool.RunAsync("list --fields agent_id --no-pager"));
        Assert.Equal(new Ran(0, "AGENT ID\na\n", ""), await tool.RunAsync("list --fields agent_id"));
        Assert.Equal(new Ran(0, "a\n", ""), await tool.RunAsync("list -o name"));
    }
}
