using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Status;

/// <summary><c>status</c>: which server, as whom, and what ends soon.</summary>
public sealed class StatusTests
{
    private const string Counts =
        """{"known":9,"alive":4,"paused":1,"suspect":0,"stopping":0,"lost":2,"dead":3,"declared":0}""";

    [Fact]
    public async Task Status_SaysWhichServerAndAsWhom()
    {
        using var tool = new Tool(Json(200, Key(null)), Json(200, Server()), Json(200, """{"keys":[],"next_cursor":null}"""));
        tool.Env["SESSION_MESH_URL"] = "http://mesh.example:7420";

        Assert.Equal(
            new Ran(0, """
                server          http://mesh.example:7420 (SESSION_MESH_URL)
                context         -
                cluster         -
                tool version    0.1.0
                server version  0.2.0
                status          ready
                epoch           2
                revision        17
                agents          known=9,alive=4,paused=1,suspect=0,stopping=0,lost=2,dead=3,declared=0
                key             ci (k1)
                key from        SESSION_API_KEY
                scopes          keys:mint,mesh:read
                within          -
                bound to        -
                ends            -

                """, ""),
            await tool.RunAsync("status"));
        Assert.Equal(
            ["/keys/self", "/status", "/keys?service=true&ends_within=1209600&limit=1000"],
            tool.Server.Requests.Select(request => request.Url["http://mesh.example:7420/api/session-mesh".Length..]));
    }

    [Fact]
    public async Task Status_UnderJson_IsOneObject_WithWhatNamedTheServerAndTheKey()
    {
        using var tool = new Tool(Json(200, Key("2026-03-02T03:04:05Z", """["steer"]""")), Json(200, Server(agents: "null")));
        var file = tool.WriteFile("k", "smk_abcdefghijkl_THESECRET_check1");
        tool.WriteFile(
            ".config/session-mesh/contexts.json",
            $$"""{"contexts":[{"name":"prod","url":"https://prod.example","key_file":"{{file}}","cluster":"blue"}]}""");

        Assert.Equal(
            new Ran(
                0,
                $$"""
                {"url":"https://prod.example","url_origin":"context prod","context":"prod","cluster":"blue","tool_version":"0.1.0",
                "server_version":"0.2.0","status":"ready","epoch":2,"revision":17,"expiry_slowed":false,"reserve_in_use":false,
                "agents":null,"key_origin":"context prod","key_source":"{{file}}","key_id":"k1","session_key":"ci",
                "scopes":["steer"],"within":null,"agent_id":null,"expires_at":"2026-03-02T03:04:05Z"}
                """.ReplaceLineEndings("") + "\n",
                ""),
            await tool.RunAsync("status --context prod -o jsonl"));
    }

    [Theory]
    [InlineData("busy", false, false, "busy: its log has taken no turn for two seconds")]
    [InlineData("ready", true, true, "ready: the disk is full, and only kill, pause, revoke and expire are taken")]
    [InlineData("ready", false, true, "ready: many leases lapse at once, and are ended slowly")]
    public async Task Status_SaysWhyItIsNotAsItShouldBe(string status, bool reserve, bool slowed, string said)
    {
        using var tool = new Tool(Json(200, Key(null, "[]")), Json(200, Server(status, reserve, slowed)));
        Assert.Contains($"\nstatus          {said}\n", (await tool.RunAsync("status")).Out, StringComparison.Ordinal);
    }

    /// <summary>The server is asked for those alone; the key in use may be one of them.</summary>
    [Fact]
    public async Task ServiceKeysThatEndWithinAFortnight_AreSaidInEveryFormat()
    {
        using var tool = new Tool(
            Json(200, Key("2026-01-16T03:04:04Z")),
            Json(200, Server()),
            Json(200, $$"""
                {"keys":[{{Listed("k1", "ci", "2026-01-16T03:04:04Z")}},{{Listed("k2", "scraper", "2026-01-05T03:04:05Z")}}],
                 "next_cursor":null}
                """));

        var ran = await tool.RunAsync("status -o name");

        Assert.Equal(
            new Ran(0, "http://127.0.0.1:7420\n", """
                warning: the key in use, the service key ci (k1) ends in 14d; {{next}} ci --scope … makes the next of its name
                warning: the service key scraper (k2) ends in 3d; {{next}} scraper --scope … makes the next of its name

                """.Replace("{{next}}", "session-mesh keys create --service", StringComparison.Ordinal)),
            ran);
        Assert.Equal("GET /keys?service=true&ends_within=1209600&limit=1000", tool.Calls.Last());
    }

    /// <summary>A key that may not list any is told of itself; one that lives for an hour always ends soon.</summary>
    [Theory]
    [InlineData(true, "2026-01-05T03:04:05Z", 1)]
    [InlineData(true, "2026-03-05T03:04:05Z", 0)]
    [InlineData(false, "2026-01-02T04:04:05Z", 0)]
    public async Task OwnKey_ThatIsAServiceKeyAndEndsSoon_IsSpokenOf(bool service, string ends, int warnings)
    {
        var own = Key(ends, """["steer"]""").Replace(
            "\"generation\"", $"\"service\":{(service ? "true" : "false")},\"generation\"", StringComparison.Ordinal);
        using var tool = new Tool(Json(200, own), Json(200, Server()));
        var ran = await tool.RunAsync("status -o name");
        Assert.Equal((0, warnings), (ran.Code, ran.Error.Split("warning: ").Length - 1));
    }

    [Fact]
    public async Task KeyThatIsRefused_IsCode4_AndAnAbsentServer6()
    {
        using var refused = new Tool(Problem(401, "unauthenticated"));
        var ran = await refused.RunAsync("status");
        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.Equal("error: cannot show the status\n  why: because (401 unauthenticated)\n", ran.Error[..67]);
        using var absent = new Tool(Broken());
        ran = await absent.RunAsync("status");
        Assert.Equal((6, ""), (ran.Code, ran.Out));
        Assert.Contains("cannot reach http://127.0.0.1:7420 after 3 attempts", ran.Error, StringComparison.Ordinal);
    }

    private static string Key(string? ends, string scopes = """["keys:mint","mesh:read"]""") =>
        $$"""
        {"key_id":"k1","session_key":"ci","parent_id":"k0","scopes":{{scopes}},"within":null,"agent_id":null,"incarnation":null,
         "generation":1,"valid":true,"created_at":"2026-01-02T03:00:00Z","expires_at":{{(ends is null ? "null" : $"\"{ends}\"")}},
         "refreshable_until":null}
        """;

    private static string Listed(string id, string name, string ends) =>
        $$"""
        {"key_id":"{{id}}","session_key":"{{name}}","service":true,"valid":true,
         "expires_at":"{{ends}}"}
        """;

    private static string Server(string status = "ready", bool reserve = false, bool slowed = false, string agents = Counts) =>
        $$"""
        {"version":"0.2.0","status":"{{status}}","epoch":2,"revision":17,"expiry_slowed":{{(slowed ? "true" : "false")}},
         "reserve_in_use":{{(reserve ? "true" : "false")}},"agents":{{agents}}}
        """;
}
