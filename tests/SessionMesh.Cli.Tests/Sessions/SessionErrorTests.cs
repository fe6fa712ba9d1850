using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Sessions;

public sealed class SessionErrorTests
{
    private static readonly string s_longKey = new('k', 257);

    [Theory]
    [InlineData("get x")]
    [InlineData("set x k v")]
    [InlineData("set x k v --if-match 3")]
    [InlineData("delete x")]
    [InlineData("expire x")]
    [InlineData("refresh x")]
    public async Task NotFound_IsTheShapeThatScriptsKnow_AndCode1(string line)
    {
        using var tool = new Tool(Problem(404, "session_not_found"));

        Assert.Equal(
            new Ran(1, "{\n  \"ok\": false,\n  \"error\": \"Session x not found\"\n}\n", ""), await tool.RunAsync("session " + line));
        tool.Width = 80;
        Assert.Equal(new Ran(1, "", "error: Session x not found\n"), await tool.RunAsync("session " + line));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("é")]
    public async Task WhatIsNoId_IsNotFound_WithoutAsking(string id)
    {
        using var tool = new Tool(Json(200, "{}"));

        Assert.Equal(
            new Ran(1, $"{{\n  \"ok\": false,\n  \"error\": \"Session {id} not found\"\n}}\n", ""),
            await tool.RunAsync("session get " + id));
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task AKeyTypedForAnId_IsNotRepeated()
    {
        using var tool = new Tool(Problem(404, "session_not_found"));

        Assert.Contains(
            "smk_abcdefghijkl_…", (await tool.RunAsync("session get smk_abcdefghijkl_THESECRET_check1")).Out, StringComparison.Ordinal);
        Assert.Contains(
            "smk_abcdefghijkl_…", (await tool.RunAsync("session get smk_abcdefghijkl_THESECRET_check1/")).Out, StringComparison.Ordinal);
        Assert.Contains(
            "smk_abcdefghijkl_…",
            (await tool.RunAsync("session list smk_abcdefghijkl_THESECRET_check1")).Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "cleanup --before tomorrow",
        "--before takes a time such as 2026-01-31, 2026-01-31T08:15:30Z or @1769847330, not 'tomorrow'; nothing was done; try "
        + "session-mesh session cleanup --help")]
    [InlineData(
        "cleanup --before 2026-02-30",
        "--before takes a time such as 2026-01-31, 2026-01-31T08:15:30Z or @1769847330, not '2026-02-30'; nothing was done; try "
        + "session-mesh session cleanup --help")]
    [InlineData(
        "cleanup --before 1769847330",
        "--before takes a time such as 2026-01-31, 2026-01-31T08:15:30Z or @1769847330, not '1769847330'; nothing was done; try "
        + "session-mesh session cleanup --help")]
    [InlineData(
        "cleanup --before @-1",
        "--before takes a time such as 2026-01-31, 2026-01-31T08:15:30Z or @1769847330, not '@-1'; nothing was done; try "
        + "session-mesh session cleanup --help")]
    [InlineData(
        "cleanup --before @999999999999",
        "--before takes a time such as 2026-01-31, 2026-01-31T08:15:30Z or @1769847330, not '@999999999999'; nothing was done; try "
        + "session-mesh session cleanup --help")]
    [InlineData(
        "create --ttl soon",
        "--ttl takes seconds, a time such as 90s or 1h30m, or none, not 'soon'; try session-mesh session create --help")]
    [InlineData("create --ttl 0", "--ttl takes 1 to 31536000 seconds, or none, not '0'; try session-mesh session create --help")]
    [InlineData(
        "create --ttl -5", "--ttl takes seconds, a time such as 90s or 1h30m, or none, not '-5'; try session-mesh session create --help")]
    [InlineData("create --ttl 366d", "--ttl takes 1 to 31536000 seconds, or none, not '366d'; try session-mesh session create --help")]
    [InlineData(
        "refresh x --ttl 1.5",
        "--ttl takes seconds, a time such as 90s or 1h30m, or none, not '1.5'; try session-mesh session refresh --help")]
    [InlineData("create --meta =v", "--meta: the name of a metadata entry is empty; try session-mesh session create --help")]
    [InlineData(
        "create --meta note=a,b",
        "--meta takes KEY=VALUE and separates with commas, and 'b' has no '='; a value with a comma can be set with: session set "
        + "ID KEY VALUE; try session-mesh session create --help")]
    [InlineData(
        "create --id a/b",
        "--id: 'a/b' is not an id; an id has 1 to 128 characters, letters, digits or . _ : -, and starts with a letter or digit; "
        + "try session-mesh session create --help")]
    [InlineData("list --status gone", "--status takes active, expired, not 'gone'; try session-mesh session list --help")]
    [InlineData(
        "list --output xml", "--output takes table, wide, json, jsonl, yaml, csv, name, not 'xml'; try session-mesh session list --help")]
    [InlineData("export --format xml", "--format takes json, jsonl, csv, not 'xml'; try session-mesh session export --help")]
    [InlineData("set x \"\" v", "the name of a metadata entry is empty")]
    [InlineData("set x", "setting needs a key; session-mesh session set ID KEY VALUE, or --unset KEY")]
    [InlineData("set x k v --unset k", "'k' is set and unset at once")]
    [InlineData("set x k v --if-match old", "--if-match takes a whole number, not 'old'; try session-mesh session set --help")]
    [InlineData("config colour", "there is no key 'colour'; session-mesh session config shows those there are")]
    [InlineData("config default_ttl soon", "default_ttl takes seconds, a time such as 90s or 1h30m, or none, not 'soon'")]
    [InlineData("config default_ttl 0", "default_ttl takes 1 to 31536000 seconds, or none, not '0'")]
    [InlineData("config --unset", "--unset takes a key and no value")]
    [InlineData("get", "'session-mesh session get' needs SESSION-ID; try session-mesh session get --help")]
    [InlineData("creat", "'session-mesh session' has no command 'creat'; did you mean 'create'?")]
    [InlineData(
        "list --statis active",
        "'session-mesh session list' has no option '--statis'; did you mean '--status'?")]
    public async Task Nonsense_IsAnErrorOnStderr_AndCode1_OnATerminalToo(string line, string error)
    {
        using var tool = new Tool(Json(200, "{}"));

        foreach (var width in new int?[] { null, 80 })
        {
            tool.Width = width;
            var ran = await tool.RunAsync("session " + line);
            Assert.Equal(new Ran(1, "", $$"""{"error":"{{error}}"}""" + "\n"), ran);
        }

        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task OverlongKey_IsRefused_WithItsLength()
    {
        using var tool = new Tool(Json(200, "{}"));
        const string Why = "the name of a metadata entry has at most 256 characters, and 'kkkkkkkkkkkkkkkk…' has 257";

        Assert.Equal(new Ran(1, "", $$"""{"error":"{{Why}}"}""" + "\n"), await tool.RunAsync($"session set x {s_longKey} v"));
        Assert.Equal(
            new Ran(1, "", $$"""{"error":"--meta: {{Why}}; try session-mesh session create --help"}""" + "\n"),
            await tool.RunAsync($"session create --meta {s_longKey}=v"));
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task WhatTheServerFindsWrong_IsAUsageErrorThatNamesTheMember()
    {
        using var tool = new Tool(Json(400, """
            {"type":"t","title":"t","status":400,"detail":"1 member is wrong","code":"invalid_request","errors":[{"pointer":"/meta",
             "message":"has more than 16 KiB"}]}
            """));

        Assert.Equal(
            new Ran(1, "", """{"error":"1 member is wrong (meta: has more than 16 KiB)"}""" + "\n"),
            await tool.RunAsync("session set x k v"));
    }

    [Theory]
    [InlineData("create --id x", 409, "session_exists", 5, "another --id, or none: then one is chosen")]
    [InlineData(
        "set x k v",
        409,
        "session_expired",
        5,
        "session-mesh session refresh ID, or for an agent session-mesh register: then it is active again")]
    [InlineData(
        "set x k v --if-match 3",
        412,
        "precondition_failed",
        5,
        "session-mesh session get ID --fields version, and --if-match with that when you have seen what changed")]
    [InlineData("delete x", 409, "agent_session", 5, "session-mesh show ID: it is an agent's, and ends with the agent")]
    [InlineData("list", 403, "missing_scope", 4, "the key came from SESSION_API_KEY; use one that has the scope")]
    public async Task WhatAFileCouldNotRefuse_HasTheUsualCode_AndTheShape(string line, int status, string code, int exit, string next)
    {
        using var tool = new Tool(Problem(status, code, "so it is"));

        var ran = await tool.RunAsync("session " + line);

        Assert.Equal(
            new Ran(exit, $$"""
                {
                  "ok": false,
                  "error": "so it is",
                  "code": "{{code}}",
                  "try": "{{next}}",
                  "request_id": "r1"
                }

                """, ""),
            ran);
    }

    [Fact]
    public async Task OnATerminal_SuchAnError_IsInWords()
    {
        using var tool = new Tool(Problem(409, "session_exists", "there is a session x")) { Width = 80 };

        Assert.Equal(
            new Ran(5, "", """
                error: cannot create a session
                  why: there is a session x (409 session_exists)
                  try: another --id, or none: then one is chosen
                  request: r1

                """),
            await tool.RunAsync("session create --id x"));
    }

    [Fact]
    public async Task ServerThatIsNotThere_IsCode6_InTheSameShape()
    {
        using var tool = new Tool(Broken());

        Assert.Equal(
            new Ran(6, """
                {
                  "ok": false,
                  "error": "cannot reach http://127.0.0.1:7420 after 3 attempts: connection refused",
                  "code": "unreachable",
                  "try": "start the server with 'dotnet run --project src/SessionMesh.Server', or check --url"
                }

                """, ""),
            await tool.RunAsync("session stats"));
    }

    [Fact]
    public async Task Elsewhere_TheUsualCodesHold()
    {
        using var tool = new Tool(Json(200, "{}"));

        Assert.Equal(2, (await tool.RunAsync("list --limit 0")).Code);
        Assert.Equal(2, (await tool.RunAsync("sessio")).Code);
    }
}
