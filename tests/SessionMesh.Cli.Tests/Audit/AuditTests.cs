using SessionMesh.Cli.Tests.Commands;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Audit;

public sealed class AuditTests
{
    private static readonly string s_done = """
        {"revision":8,"at":"2026-01-02T03:04:05.000Z","actor":"k1","operation":"agent.stopping","subject":"a1","outcome":"done",
        "reason":"too loud","code":null,"remote_address":"127.0.0.1","request_id":"r8"}
        """.ReplaceLineEndings("");

    private static readonly string s_refused = """
        {"revision":null,"at":"2026-01-02T03:04:04.000Z","actor":null,"operation":"killAgent","subject":"a1","outcome":"refused",
        "reason":"no","code":"unauthenticated","remote_address":"::1","request_id":"r7"}
        """.ReplaceLineEndings("");

    [Theory]
    [InlineData("audit", "GET /audit?limit=1000")]
    [InlineData(
        "audit --actor abcdefghijkl --operation agent.* --subject 123 --outcome DONE --since 2026-01-01 --until "
        + "2026-01-01T10:00+02:00 --limit 5 --cursor 7-8",
        "GET /audit?actor=abcdefghijkl&operation=agent.%2A&subject=123&outcome=done"
        + "&since=2026-01-01T00%3A00%3A00.000Z&until=2026-01-01T08%3A00%3A00.000Z&limit=5&cursor=7-8")]
    [InlineData("audit --actor smk_abcdefghijkl_THESECRET_check1", "GET /audit?actor=abcdefghijkl&limit=1000")]
    [InlineData("audit --actor mesh", "GET /audit?actor=mesh&limit=1000")]
    public async Task Audit_AsksForWhatIsWanted(string line, string call)
    {
        using var tool = new Tool(Json(200, """{"entries":[],"next_cursor":null,"suppressed":0}"""));

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    /// <summary>The tool's clock is a month behind the server's.</summary>
    [Theory]
    [InlineData("audit --since 1h30m", "GET /audit?since=2026-02-02T01%3A34%3A05.000Z&limit=1000")]
    [InlineData(
        "audit --since 90 --until 30s", "GET /audit?since=2026-02-02T03%3A02%3A35.000Z&until=2026-02-02T03%3A03%3A35.000Z&limit=1000")]
    public async Task Audit_SoLongAgo_IsByTheServersClock(string line, string call)
    {
        using var tool = new Tool(Clock("2026-02-02T03:04:05Z"), Json(200, """{"entries":[],"next_cursor":null,"suppressed":0}"""));

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(["GET http://127.0.0.1:7420/livez", call], tool.Calls);
    }

    [Theory]
    [InlineData("audit --follow --limit 3", "--follow cannot be combined with --until, --limit, --sort or --cursor")]
    [InlineData("audit --follow --until 1h", "--follow cannot be combined with --until, --limit, --sort or --cursor")]
    [InlineData("audit --follow --cursor 7-9", "--follow cannot be combined with --until, --limit, --sort or --cursor")]
    [InlineData(
        "audit --since yesterday",
        "--since takes how long ago, such as 15m or 1h30m, or a time such as 2026-01-31T08:15:30Z, not 'yesterday'")]
    [InlineData(
        "audit --until 31.01.2026",
        "--until takes how long ago, such as 15m or 1h30m, or a time such as 2026-01-31T08:15:30Z, not '31.01.2026'")]
    [InlineData("audit --outcome failed", "--outcome takes done, refused, all, not 'failed'")]
    [InlineData("audit --actor a/b", "--actor takes the id of a key, or mesh, not 'a/b'")]
    public async Task Nonsense_IsRefusedBeforeAnythingIsSent(string line, string why)
    {
        using var tool = new Tool(Json(200, """{"entries":[],"next_cursor":null,"suppressed":0}"""));

        var ran = await tool.RunAsync(line);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task Audit_Table_SaysWhoWhatAndFromWhere_AndThatThereIsMore()
    {
        using var tool = new Tool(Json(200, $$"""{"entries":[{{s_done}},{{s_refused}}],"next_cursor":"7-9","suppressed":12}"""));

        Assert.Equal(
            new Ran(0, """
                AT                        OUTCOME  OPERATION       SUBJECT  ACTOR  FROM       REASON
                2026-01-02T03:04:05.000Z  done     agent.stopping  a1       k1     127.0.0.1  too loud
                2026-01-02T03:04:04.000Z  refused  killAgent       a1       -      ::1        unauthenticated

                """, """
                2 rows, and there are more: without --limit the list is whole
                12 more refusals since the server started came too fast to be kept

                """),
            await tool.RunAsync("audit --limit 2"));
        Assert.Equal("8\nr7\n", (await tool.RunAsync("audit --limit 2 -o name")).Out);
        var csv = (await tool.RunAsync("audit --limit 2 -o csv --fields operation,code")).Out;
        Assert.Equal("killAgent,unauthenticated", csv.Split("\r\n")[2]);
    }

    [Fact]
    public async Task Audit_EmptyPageThatIsNotTheLast_IsGoneOnFrom()
    {
        using var tool = new Tool(
            Json(200, """{"entries":[],"next_cursor":"50-1","suppressed":0}"""),
            Json(200, $$"""{"entries":[{{s_done}}],"next_cursor":"8-1","suppressed":0}"""),
            Json(200, $$"""{"entries":[{{s_refused}}],"next_cursor":null,"suppressed":0,"new_member":1}"""));

        var ran = await tool.RunAsync("audit --subject a1 --limit 3 -o jsonl");

        Assert.Equal(new Ran(0, $"{s_done}\n{s_refused}\n", ""), ran);
        Assert.Equal(
            ["GET /audit?subject=a1&limit=3", "GET /audit?subject=a1&limit=3&cursor=50-1", "GET /audit?subject=a1&limit=2&cursor=8-1"],
            tool.Calls);
    }

    [Fact]
    public async Task Audit_NothingThere_SaysSo()
    {
        using var tool = new Tool(Json(200, """{"entries":[],"next_cursor":null,"suppressed":3}"""));

        Assert.Equal(new Ran(0, "", "no entry of the audit matches\n"), await tool.RunAsync("audit --outcome done"));
        Assert.Equal(
            """{"entries":[],"next_cursor":null,"suppressed":3}""",
            (await tool.RunAsync("audit -o json")).Out.ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Audit_Follow_IsAnObjectALine_RefusalsToo_AcrossReconnects_AndEndsWithItsReason()
    {
        using var tool = new Tool(
            Clock("2026-01-02T03:04:05Z"),
            Stream(Event(s_done, 8) + Event(s_refused)),
            Stream(
                Event(s_done, 8) + Event(s_done.Replace(":8,", ":9,", StringComparison.Ordinal), 9)
                    + "event: end\ndata: {\"code\":\"key_revoked\",\"detail\":\"The key of this stream was revoked.\"}\n\n"));

        var ran = await tool.RunAsync("audit --follow --outcome all --since 1h -o json");

        Assert.Equal((4, $"{s_done}\n{s_refused}\n{s_done.Replace(":8,", ":9,", StringComparison.Ordinal)}\n"), (ran.Code, ran.Out));
        Assert.Contains("\"code\": \"key_revoked\"", ran.Error, StringComparison.Ordinal);
        Assert.Equal([null, null, "8"], tool.Server.Requests.Select(request => request.Headers.GetValueOrDefault("Last-Event-ID")));
        Assert.All(tool.Calls.Skip(1), call => Assert.Equal("GET /audit?outcome=all&since=2026-01-02T02%3A04%3A05.000Z", call));
    }

    [Fact]
    public async Task Audit_KeyWithoutTheScope_IsCode4()
    {
        using var tool = new Tool(Problem(403, "missing_scope", "This key lacks the scope audit:read."));

        var ran = await tool.RunAsync("audit");

        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.Contains(
            "error: cannot read the audit\n  why: This key lacks the scope audit:read. (403 missing_scope)\n",
            ran.Error,
            StringComparison.Ordinal);
    }

    private static string Event(string data, long? id = null) => $"{(id is null ? "" : $"id: {id}\n")}event: audit\ndata: {data}\n\n";
}
