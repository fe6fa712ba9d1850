using System.Text.Json;
using SessionMesh.Cli.Commands;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Sessions;

/// <summary>What <c>session</c> sends, and the shapes it prints, off a terminal and on one.</summary>
public sealed class SessionCommandTests
{
    internal const string Row = """
        {"id":"abc123","user":"alice","status":"active","ttl":3600,"meta":{"theme":"dark"},"created_at":"2026-01-02T03:04:05.123456Z",
         "last_access":"2026-01-02T03:04:00Z","expires_at":"2026-01-02T04:04:05.123456Z","expired_at":null,"agent_id":null,"version":7}
        """;

    private const string OkRow = """
        {
          "ok": true,
          "session": {
            "type": "session",
            "id": "abc123",
            "user": "alice",
            "status": "active",
            "ttl": 3600,
            "meta": {
              "theme": "dark"
            },
            "created_at": "2026-01-02T03:04:05.123456Z",
            "last_access": "2026-01-02T03:04:00Z",
            "expires_at": "2026-01-02T04:04:05.123456Z"
          }
        }

        """;

    [Theory]
    [InlineData("create", "POST /sessions {}")]
    [InlineData("create --user alice --ttl 3600", """POST /sessions {"user":"alice","ttl":3600}""")]
    [InlineData("create --ttl 1h30m --meta theme=dark,lang=en", """POST /sessions {"ttl":5400,"meta":{"theme":"dark","lang":"en"}}""")]
    [InlineData("create --ttl NONE --meta a=1 --meta b=2", """POST /sessions {"ttl":"none","meta":{"a":"1","b":"2"}}""")]
    [InlineData("create --meta a=1 b=x=y --meta a=2,c=", """POST /sessions {"meta":{"a":"2","b":"x=y","c":""}}""")]
    [InlineData("create --id abc123", """POST /sessions {"id":"abc123"}""")]
    [InlineData("get abc123", "GET /sessions/abc123")]
    [InlineData("set abc123 theme dark", """PATCH /sessions/abc123 {"meta":{"theme":"dark"}}""")]
    [InlineData("set abc123 theme \"\"", """PATCH /sessions/abc123 {"meta":{"theme":""}}""")]
    [InlineData("set abc123 depth -5", """PATCH /sessions/abc123 {"meta":{"depth":"-5"}}""")]
    [InlineData("set abc123 list a,b=c", """PATCH /sessions/abc123 {"meta":{"list":"a,b=c"}}""")]
    [InlineData(
        "set abc123 theme dark --unset old --unset older", """PATCH /sessions/abc123 {"meta":{"old":null,"older":null,"theme":"dark"}}""")]
    [InlineData("set abc123 --unset theme", """PATCH /sessions/abc123 {"meta":{"theme":null}}""")]
    [InlineData("expire abc123", "POST /sessions/abc123/expire")]
    [InlineData("refresh abc123", """POST /sessions/abc123/refresh {"ttl":3600}""")]
    [InlineData("refresh s-12", "POST /sessions/s-12/refresh {}")]
    [InlineData("refresh abc123 --ttl +60", """POST /sessions/abc123/refresh {"ttl":60}""")]
    [InlineData("create --ttl \" 60 \" --user \"\"", """POST /sessions {"ttl":60}""")]
    [InlineData("create --user a --user b --ttl 5 --ttl 7", """POST /sessions {"user":"b","ttl":7}""")]
    [InlineData("create --user -x --meta \"a=1, b = 2 \"", """POST /sessions {"user":"-x","meta":{"a":"1","b":"2"}}""")]
    [InlineData("set abc123 k -verbose", """PATCH /sessions/abc123 {"meta":{"k":"-verbose"}}""")]
    [InlineData("set abc123 k -hello", """PATCH /sessions/abc123 {"meta":{"k":"-hello"}}""")]
    [InlineData("set abc123 k --help", """PATCH /sessions/abc123 {"meta":{"k":"--help"}}""")]
    [InlineData("set abc123 k --unset", """PATCH /sessions/abc123 {"meta":{"k":"--unset"}}""")]
    [InlineData("set abc123 -k v", """PATCH /sessions/abc123 {"meta":{"-k":"v"}}""")]
    [InlineData("set abc123 k", """PATCH /sessions/abc123 {"meta":{"k":""}}""")]
    [InlineData("refresh abc123 --ttl none", """POST /sessions/abc123/refresh {"ttl":"none"}""")]
    public async Task Command_SendsWhatTheContractSays_AndPrintsTheSession(string line, string call)
    {
        using var tool = new Tool(Json(200, Row));

        Assert.Equal(new Ran(0, OkRow, ""), await tool.RunAsync("session " + line));
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    [Fact]
    public async Task Set_IfMatch_AsksForTheVersion()
    {
        using var tool = new Tool(Json(200, Row));

        Assert.Equal(new Ran(0, OkRow, ""), await tool.RunAsync("session set abc123 theme dark --if-match 6"));
        Assert.Equal("\"6\"", Assert.Single(tool.Server.Requests).Headers["If-Match"]);
    }

    [Fact]
    public async Task Get_OfAnExpiredAgentsSession_HasTheMembersThatOnlySuchAreWith()
    {
        using var tool = new Tool(Json(200, """
            {"id":"s","user":"u","status":"expired","ttl":null,"meta":{},"created_at":"2026-01-02T03:04:05Z",
             "last_access":"2026-01-02T03:04:05Z",
             "expires_at":null,"expired_at":"2026-01-02T03:05:00Z","agent_id":"a1","version":7}
            """));

        Assert.Equal(
            """{"type":"session","id":"s","user":"u","status":"expired","ttl":null,"meta":{},"created_at":"2026-01-02T03:04:"""
            + """05Z","last_access":"2026-01-02T03:04:05Z","expires_at":null,"expired_at":"2026-01-02T03:05:00Z","agent_id":"a1"}"""
                + "\n",
            (await tool.RunAsync("session get s -o jsonl")).Out);
    }

    [Fact]
    public async Task Get_OnATerminal_IsALineAMember_AndHasTheVersion()
    {
        using var tool = new Tool(Json(200, Row)) { Width = 80 };
        tool.Env["NO_COLOR"] = "1";

        Assert.Equal(
            new Ran(0, """
                id           abc123
                user         alice
                status       active
                ttl          3600
                meta         theme=dark
                created      0s ago
                last access  5s ago
                expires      in 1h
                version      7

                """.Replace("created      0s ago", "created      in 0s", StringComparison.Ordinal), ""),
            await tool.RunAsync("session get abc123"));
        Assert.Equal(OkRow, (await tool.RunAsync("session get abc123 --output json")).Out);
    }

    [Theory]
    [InlineData(
        "-o json --fields id,version", "{\n  \"ok\": true,\n  \"session\": {\n    \"id\": \"abc123\",\n    \"version\": 7\n  }\n}\n")]
    [InlineData("-o csv --fields version", "version\r\n7\r\n")]
    [InlineData("-o name", "abc123\n")]
    public async Task Get_InOtherFormats(string options, string printed)
    {
        using var tool = new Tool(Json(200, Row));

        Assert.Equal(new Ran(0, printed, ""), await tool.RunAsync("session get abc123 " + options));
    }

    [Fact]
    public async Task Delete_SaysWhat_WithoutAsking()
    {
        using var tool = new Tool(Json(200, """{"deleted":"abc123"}"""));

        Assert.Equal(new Ran(0, "{\n  \"ok\": true,\n  \"deleted\": \"abc123\"\n}\n", ""), await tool.RunAsync("session delete abc123"));
        Assert.Equal("DELETE /sessions/abc123", Assert.Single(tool.Calls));
    }

    [Fact]
    public async Task List_PagesThroughAll()
    {
        using var tool = new Tool(
            Json(200, $$"""{"sessions":[{{Row}},{{Row}}],"count":2,"next_cursor":"c2"}"""),
            Json(200, $$"""{"sessions":[{{Row}}],"count":1,"next_cursor":null}"""));

        var ran = await tool.RunAsync("session list --status ACTIVE --user alice --meta theme=dark,a=b --kind all");

        Assert.StartsWith(
            "{\n  \"ok\": true,\n  \"count\": 3,\n  \"sessions\": [\n    {\n      \"type\": \"session\",\n      \"id\": \"abc123\",\n",
            ran.Out,
            StringComparison.Ordinal);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.DoesNotContain("version", ran.Out, StringComparison.Ordinal);
        using var whole = JsonDocument.Parse(ran.Out);
        Assert.Equal(SessionMesh.Cli.Output.Json.Indented(whole.RootElement) + "\n", ran.Out);
        Assert.Equal(3, whole.RootElement.GetProperty("sessions").GetArrayLength());
        Assert.Equal(
            [
                "GET /sessions?status=active&user=alice&meta=theme%3Ddark%2Ca%3Db&kind=all&limit=1000",
                "GET /sessions?status=active&user=alice&meta=theme%3Ddark%2Ca%3Db&kind=all&limit=1000&cursor=c2",
            ],
            tool.Calls);
    }

    [Fact]
    public async Task List_Limit_AsksForNoMoreThanThat()
    {
        using var tool = new Tool(
            Json(200, $$"""{"sessions":[{{Row}},{{Row}}],"count":2,"next_cursor":"c2"}"""),
            Json(200, $$"""{"sessions":[{{Row}}],"count":1,"next_cursor":"c3"}"""));

        Assert.Equal(new Ran(0, "abc123\nabc123\nabc123\n", ""), await tool.RunAsync("session list --limit 3 -o name"));
        Assert.Equal(["GET /sessions?limit=3", "GET /sessions?limit=1&cursor=c2"], tool.Calls);
    }

    [Theory]
    [InlineData("-o name --sort user", "b a c")]
    [InlineData("-o name --sort -user,id", "c a b")]
    [InlineData("-o name", "c a b")]
    [InlineData("-o name --sort user --limit 1", "b")]
    [InlineData("-o table --fields id --no-headers", "a b c")]
    [InlineData("-o table --fields id --no-headers --limit 2", "a b")]
    public async Task List_Sort_ReadsAllFirst_AndWithoutItOnlyATableIsSorted(string options, string ids)
    {
        string Row(string id, string user) => SessionCommandTests.Row
            .Replace("abc123", id, StringComparison.Ordinal).Replace("alice", user, StringComparison.Ordinal);
        using var tool = new Tool(
            Json(200, $$"""{"sessions":[{{Row("c", "zoe")}}],"count":1,"next_cursor":"c2"}"""),
            Json(200, $$"""{"sessions":[{{Row("a", "max")}},{{Row("b", "ann")}}],"count":2,"next_cursor":null}"""));
        var ran = await tool.RunAsync($"session list {options}");
        Assert.Equal(new Ran(0, string.Concat(ids.Split(' ').Select(id => id + "\n")), ""), ran);
    }

    [Fact]
    public async Task List_Fields_AreThoseOfEachRecord()
    {
        using var tool = new Tool(Json(200, $$"""{"sessions":[{{Row}}],"count":1,"next_cursor":null}"""));

        Assert.Equal(
            new Ran(0, """
                {
                  "ok": true,
                  "count": 1,
                  "sessions": [
                    {
                      "version": 7,
                      "id": "abc123"
                    }
                  ]
                }

                """, ""),
            await tool.RunAsync("session list --fields version,id"));
    }

    [Fact]
    public async Task List_OfNothing_IsAnEmptyList_AndAWordOnATerminal()
    {
        using var tool = new Tool(Json(200, """{"sessions":[],"count":0,"next_cursor":null}"""));

        Assert.Equal(new Ran(0, "{\n  \"ok\": true,\n  \"count\": 0,\n  \"sessions\": []\n}\n", ""), await tool.RunAsync("session list"));
        Assert.Equal(
            new Ran(0, "id,user,status,ttl,last_access,expires_at,meta,created_at,agent_id,version\r\n", ""),
            await tool.RunAsync("session list -o csv"));
        tool.Width = 80;
        Assert.Equal(new Ran(0, "", "there is no such session\n"), await tool.RunAsync("session list"));
    }

    [Fact]
    public async Task List_OnATerminal_IsATable()
    {
        using var tool = new Tool(Json(200, $$"""{"sessions":[{{Row}}],"count":1,"next_cursor":null}""")) { Width = 100 };
        tool.Env["NO_COLOR"] = "1";

        Assert.Equal(
            new Ran(0, """
                ID      USER   STATUS   TTL  LAST ACCESS  EXPIRES  META
                abc123  alice  active  3600  5s ago       in 1h    theme=dark

                """, ""),
            await tool.RunAsync("session list"));
    }

    [Fact]
    public async Task Stats_NameTheServerWhereAFileWas()
    {
        using var tool = new Tool(
            Json(200, """{"total_sessions":3,"active":2,"expired":1,"unique_users":2,"average_ttl_seconds":1800.5}"""));

        Assert.Equal(
            new Ran(0, """
                {
                  "ok": true,
                  "stats": {
                    "total_sessions": 3,
                    "active": 2,
                    "expired": 1,
                    "unique_users": 2,
                    "average_ttl_seconds": 1800.5,
                    "data_file": "http://127.0.0.1:7420"
                  }
                }

                """, ""),
            await tool.RunAsync("session stats"));
    }

    [Fact]
    public async Task Cleanup_GoesOnWhileThereIsMore()
    {
        using var tool = new Tool(
            Json(200, """{"dry_run":false,"removed_count":2,"remaining_count":5,"removed_ids":["a","b"],"more":true}"""),
            Json(200, """{"dry_run":false,"removed_count":1,"remaining_count":4,"removed_ids":["c"],"more":false}"""));

        Assert.Equal(
            new Ran(0, """
                {
                  "ok": true,
                  "dry_run": false,
                  "removed_count": 3,
                  "remaining_count": 4,
                  "removed_ids": [
                    "a",
                    "b",
                    "c"
                  ]
                }

                """, ""),
            await tool.RunAsync("session cleanup"));
        Assert.Equal(["POST /sessions/cleanup {}", "POST /sessions/cleanup {}"], tool.Calls);
    }

    [Fact]
    public async Task Cleanup_DryRun_AsksOnce_AndSaysThatThereIsMore()
    {
        using var tool = new Tool(Json(200, """{"dry_run":true,"removed_count":1,"remaining_count":5,"removed_ids":["a"],"more":true}"""));

        var ran = await tool.RunAsync("session cleanup --dry-run --before 2026-01-31");

        Assert.Equal((0, "these are the first 1; there are more\n"), (ran.Code, ran.Error));
        Assert.EndsWith("\"more\": true\n}\n", ran.Out, StringComparison.Ordinal);
        Assert.Equal("""POST /sessions/cleanup {"before":"2026-01-31T00:00:00.000000Z","dry_run":true}""", Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData("2026-01-31", "2026-01-31T00:00:00.000000Z")]
    [InlineData("2026-01-31T08:15", "2026-01-31T08:15:00.000000Z")]
    [InlineData("2026-01-31T08:15:30", "2026-01-31T08:15:30.000000Z")]
    [InlineData("2026-01-31T08:15:30Z", "2026-01-31T08:15:30.000000Z")]
    [InlineData("2026-01-31T08:15:30.123456Z", "2026-01-31T08:15:30.123456Z")]
    [InlineData("2026-01-31T08:15:30+02:00", "2026-01-31T06:15:30.000000Z")]
    [InlineData("\"2026-01-31 08:15:30\"", "2026-01-31T08:15:30.000000Z")]
    [InlineData("@1769847330", "2026-01-31T08:15:30.000000Z")]
    public async Task Cleanup_Before_WithoutAZoneIsUtc(string before, string sent)
    {
        using var tool = new Tool(Json(200, """{"dry_run":false,"removed_count":0,"remaining_count":0,"removed_ids":[],"more":false}"""));

        Assert.Equal(0, (await tool.RunAsync("session cleanup --before " + before)).Code);
        Assert.Equal($$"""POST /sessions/cleanup {"before":"{{sent}}"}""", Assert.Single(tool.Calls));
    }

    [Fact]
    public async Task Watch_ShowsWhatIsAboutSessions_AndComesBack()
    {
        using var tool = new Tool(
            Stream(Change(8, "session.created", "s1") + Change(9, "agent.registered", "a1")), Stream(Change(10, "session.expired", "s1")));

        Assert.Equal(
            new Ran(0, """
                {"revision":8,"at":"2026-01-02T03:04:05Z","actor":"k1","kind":"session.created","subject":"s1"}
                {"revision":10,"at":"2026-01-02T03:04:05Z","actor":"k1","kind":"session.expired","subject":"s1"}

                """, ""),
            await tool.RunAsync("session watch --after 7 --limit 2"));
        Assert.Equal(["7", "9"], tool.Server.Requests.Select(request => request.Headers["Last-Event-ID"]));
    }

    [Fact]
    public async Task VersionAndHelp_AskNobody()
    {
        using var tool = new Tool(Json(200, "{}"));

        Assert.Equal(
            new Ran(0, $"{{\n  \"ok\": true,\n  \"tool\": \"session\",\n  \"version\": \"{ToolVersion.Current}\"\n}}\n", ""),
            await tool.RunAsync("session version"));
        var help = await tool.RunAsync("session help");
        Assert.Equal((0, ""), (help.Code, help.Error));
        string[] commands =
        [
            "create", "get", "set", "delete", "list", "expire", "refresh", "stats",
            "export", "cleanup", "config", "import", "watch", "help", "version",
        ];
        Assert.All(commands, name => Assert.Matches($"(?m)^  {name}\\b", help.Out));
        Assert.Equal(help, await tool.RunAsync("session"));
        Assert.Equal(await tool.RunAsync("session create --help"), await tool.RunAsync("session help create"));
        tool.Width = 80;
        Assert.Equal(new Ran(0, $"session-mesh session {ToolVersion.Current}\n", ""), await tool.RunAsync("session version"));
        Assert.Empty(tool.Server.Requests);
    }

    private static string Change(long revision, string kind, string subject) =>
        $"event: {kind}\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\","
        + $"\"kind\":\"{kind}\",\"subject\":\"{subject}\"}}\n\n";
}
