using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Keys;

/// <summary><c>keys create | list | show | refresh</c>, as command lines against a scripted server.</summary>
public sealed class KeyCommandTests
{
    private const string Created =
        """{"key_id":"mnopqrstuvwx","session_key":"ci","token":"smk_mnopqrstuvwx_FRESH_check2","ttl":"""
        + """60,"expires_at":"2026-01-02T04:04:05Z","scopes":["steer"],"within":["subtree:a"],"agent_id":null,"generation":"""
        + """1,"refresh_token":"smr_mnopqrstuvwx_AGAIN_check3"}""";

    private const string Shown =
        """{"key_id":"mnopqrstuvwx","session_key":"ci","ttl":60,"expires_at":"2026-01-02T04:04:05Z","scopes":"""
        + """["steer"],"within":["subtree:a"],"agent_id":null,"generation":1}""";

    private const string Row =
        """{"key_id":"k1","session_key":"ci","parent_id":"k0","scopes":["mesh:read","steer"],"within":["cluster:c","subtree:"""
        + """a"],"agent_id":null,"incarnation":null,"generation":2,"valid":true,"created_at":"2026-01-02T03:00:"""
        + """00Z","expires_at":"2026-01-02T04:04:05Z","refreshable_until":null}""";

    [Theory]
    [InlineData(
        "keys create --scope steer --within subtree:a --within cluster:c/d",
        """POST /keys {"scopes":["steer"],"within":["subtree:a","cluster:c/d"]}""")]
    [InlineData("keys show", "GET /keys/self")]
    [InlineData("keys show self", "GET /keys/self")]
    [InlineData("keys show k1", "GET /keys/k1")]
    [InlineData("keys show smk_abcdefghijkl_THESECRET_check1", "GET /keys/abcdefghijkl")]
    [InlineData("keys show smr_abcdefghijkl_THESECRET_check1", "GET /keys/abcdefghijkl")]
    [InlineData("keys list", "GET /keys?limit=1000")]
    public async Task Command_SendsWhatItSays(string line, string call)
    {
        using var tool = new Tool(Json(200, $$"""{"keys":[],"key_id":"k"}"""));

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal([call], tool.Calls);
    }

    [Theory]
    [InlineData("keys create --within a1", "--within takes agent:ID, cluster:NAME or subtree:ID, not 'a1'")]
    [InlineData("keys create --within subtree:", "--within takes agent:ID, cluster:NAME or subtree:ID, not 'subtree:'")]
    [InlineData("keys create --within agent:a/b", "--within takes agent:ID, cluster:NAME or subtree:ID, not 'agent:a/b'")]
    [InlineData(
        "keys create --within agent:a --within agent:b --within agent:c --within agent:d --within agent:e",
        "--within can be given 4 times at most")]
    [InlineData("keys create --force", "--force needs --out")]
    [InlineData("keys show a/b", "'a/b' is not the id of a key")]
    [InlineData("keys refresh", "stdin does not hold a key")]
    [InlineData("keys refresh --refresh-file ci.token", "ci.token is not named KEYFILE.refresh")]
    [InlineData("keys refresh --refresh-file ci.refresh --out ci", "leave one of them out")]
    [InlineData("keys refresh smr_abcdefghijkl_THESECRET_check1", "Unrecognized command or argument 'smr_abcdefghijkl_…'")]
    public async Task WrongCommandLine_IsRefusedBeforeAnythingIsSent(string line, string words)
    {
        using var tool = new Tool(Json(200, "{}"));

        var ran = await tool.RunAsync(line);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    [Fact]
    public async Task Create_WithoutAFile_ShowsBothSecretsOnce()
    {
        using var tool = new Tool(Json(201, Created));

        var ran = await tool.RunAsync("keys create --refresh");

        Assert.Contains("smk_mnopqrstuvwx_FRESH_check2", ran.Out, StringComparison.Ordinal);
        Assert.Contains("smr_mnopqrstuvwx_AGAIN_check3", ran.Out, StringComparison.Ordinal);
        Assert.Equal("the token and the refresh token are shown this once; use the token as SESSION_API_KEY\n", ran.Error);
    }

    [Theory]
    [InlineData("--out")]
    [InlineData("--key-out")]
    public async Task Create_IntoAFile_WritesBothSecretsAndShowsNone(string option)
    {
        using var tool = new Tool(Json(201, Created));
        var file = Path.Combine(tool.Home, "keys/ci.key");

        Assert.Equal(
            new Ran(
                0,
                Shown + "\n",
                $"the key is in {file}: use it with --key-file\nthe refresh token is in {file}.refresh: as long as it lies there, "
                + "the tool renews the key by itself\n"),
            await tool.RunAsync($"keys create --refresh {option} {file} -o jsonl"));

        AssertHolds(file, "smk_mnopqrstuvwx_FRESH_check2");
        AssertHolds(file + ".refresh", "smr_mnopqrstuvwx_AGAIN_check3");
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(file)!).Length);
    }

    [Theory]
    [InlineData("ci.key")]
    [InlineData("ci.key.refresh")]
    public async Task Create_OntoAFileThatIsThere_IsRefusedWithoutForce(string there)
    {
        using var tool = new Tool(Json(201, Created));
        var taken = tool.WriteFile(there, "precious");
        var file = Path.Combine(tool.Home, "ci.key");

        var ran = await tool.RunAsync($"keys create --out {file}");

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains($"{taken} already exists", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
        Assert.Equal("precious", await File.ReadAllTextAsync(taken));

        Assert.Equal(0, (await tool.RunAsync($"keys create --out {file} --force")).Code);
        AssertHolds(file, "smk_mnopqrstuvwx_FRESH_check2");
    }

    [Fact]
    public async Task Create_FileCannotBeWritten_SaysWhichKeyToRevoke()
    {
        using var tool = new Tool(Json(201, Created));
        var blocked = tool.WriteFile("file", "");

        var ran = await tool.RunAsync($"keys create --out {blocked}/ci.key");

        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains("the key mnopqrstuvwx was made, but not written", ran.Error, StringComparison.Ordinal);
        Assert.Contains("try: session-mesh keys revoke mnopqrstuvwx\n", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("FRESH", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_TakesAllPages()
    {
        using var tool = new Tool(
            Json(200, $$"""{"keys":[{{Row}}],"count":1,"next_cursor":"7"}"""),
            Json(200, $$"""{"keys":[{{Row.Replace("\"k1\"", "\"k2\"", StringComparison.Ordinal)}}],"count":1,"next_cursor":null}"""));

        Assert.Equal(new Ran(0, "k1\nk2\n", ""), await tool.RunAsync("keys list -o name"));
        Assert.Equal(["GET /keys?limit=1000", "GET /keys?limit=1000&cursor=7"], tool.Calls);
    }

    [Fact]
    public async Task List_ShowsWhatAKeyMayDoToWhomAndUntilWhen()
    {
        using var tool = new Tool(Json(200, $$"""{"keys":[{{Row}}],"count":1,"next_cursor":null}"""));

        Assert.Equal(
            """
            KEY ID  NAME  GEN  SCOPES           WITHIN               AGENT  EXPIRES  PARENT
            k1      ci      2  mesh:read,steer  cluster:c,subtree:a  -      in 1h    k0

            """,
            (await tool.RunAsync("keys list")).Out);
        var json = (await tool.RunAsync("keys list -o json")).Out;
        Assert.Equal(
            $$"""{"keys":[{{Row}}],"count":1,"next_cursor":null}""",
            json.Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refresh_FromStdin_SendsTheTokenAsTheBearer()
    {
        using var tool = new Tool(Json(201, Created)) { Piped = "smr_abcdefghijkl_THESECRET_check1" };

        var ran = await tool.RunAsync("keys refresh --ttl 2h -o json");

        Assert.Equal(0, ran.Code);
        Assert.Contains("\"token\": \"smk_mnopqrstuvwx_FRESH_check2\"", ran.Out, StringComparison.Ordinal);
        Assert.Equal(["""POST /keys/refresh {"ttl":7200}"""], tool.Calls);
        Assert.Equal("Bearer smr_abcdefghijkl_THESECRET_check1", tool.Server.Requests[0].Headers["Authorization"]);
    }

    [Fact]
    public async Task Refresh_FromItsFile_ReplacesBothFiles()
    {
        using var tool = new Tool(Json(201, Created));
        var key = tool.WriteFile("ci.key", "smk_abcdefghijkl_THESECRET_check1\n");
        tool.WriteFile("ci.key.refresh", "smr_abcdefghijkl_THESECRET_check1\n");

        var ran = await tool.RunAsync($"keys refresh --refresh-file {key}.refresh -o jsonl");

        Assert.Equal((0, Shown + "\n"), (ran.Code, ran.Out));
        Assert.Equal("Bearer smr_abcdefghijkl_THESECRET_check1", Assert.Single(tool.Server.Requests).Headers["Authorization"]);
        AssertHolds(key, "smk_mnopqrstuvwx_FRESH_check2");
        AssertHolds(key + ".refresh", "smr_mnopqrstuvwx_AGAIN_check3");
    }

    [Fact]
    public async Task Refresh_WhoseAnswerWasLost_IsTheSameCallTheNextTime()
    {
        using var tool = new Tool(Broken(), Broken(), Broken(), Problem(409, "secret_not_repeatable"), Json(201, Created));
        var key = tool.WriteFile("ci.key", "smk_abcdefghijkl_THESECRET_check1\n");
        tool.WriteFile("ci.key.refresh", "smr_abcdefghijkl_THESECRET_check1\n");

        Assert.Equal(6, (await tool.RunAsync($"keys refresh --refresh-file {key}.refresh")).Code);
        Assert.Equal(5, (await tool.RunAsync($"keys refresh --refresh-file {key}.refresh")).Code);
        Assert.Single(tool.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());

        tool.WriteFile("ci.key.refresh", "smr_bbcdefghijkl_THESECRET_check1\n");
        Assert.Equal(0, (await tool.RunAsync($"keys refresh --refresh-file {key}.refresh")).Code);
        Assert.Equal(2, tool.Server.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct().Count());
    }

    [Theory]
    [InlineData(403, "outside_reach", 4, "session-mesh keys show, to see which agents the key is for")]
    [InlineData(409, "key_quota", 5, "session-mesh keys list, and revoke what is not needed")]
    [InlineData(429, "agent_quota", 1, "session-mesh forget ID, for those that are lost; those that ended make room by themselves")]
    [InlineData(404, "key_not_found", 3, "session-mesh keys list")]
    [InlineData(400, "too_many_streams", 2, "end a stream of this key")]
    [InlineData(403, "origin_not_allowed", 4, "this server is called from a web page")]
    [InlineData(400, "rate_limited", 2, "the same command again, more slowly")]
    public async Task Refusal_SaysWhatToDoNext(int status, string code, int exit, string next)
    {
        using var tool = new Tool(Problem(status, code));

        var ran = await tool.RunAsync("keys show k1");

        Assert.Equal((exit, ""), (ran.Code, ran.Out));
        Assert.Contains("  try: " + next, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeysCreate_ShowsTheTokenOnce_OrWritesIt()
    {
        const string created = """
            {"key_id":"mnopqrstuvwx","session_key":"ci","token":"smk_mnopqrstuvwx_FRESH_check2","scopes":["steer"],"generation":1}
            """;
        using var tool = new Tool(Json(201, created));

        Assert.Contains("smk_mnopqrstuvwx_FRESH_check2", (await tool.RunAsync("keys create")).Out, StringComparison.Ordinal);

        var file = Path.Combine(tool.Home, "keys/ci.key");
        var ran = await tool.RunAsync($"keys create --key-out {file} -o jsonl");
        Assert.Equal(
            new Ran(
                0,
                """{"key_id":"mnopqrstuvwx","session_key":"ci","scopes":["steer"],"generation":1}""" + "\n",
                $"the key is in {file}: use it with --key-file\n"),
            ran);
        Assert.Equal("smk_mnopqrstuvwx_FRESH_check2\n", await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
    }

    [Fact]
    public async Task KeysCreate_SecretLostOnTheWay_SaysWhatToRevoke()
    {
        using var tool = new Tool(
            Broken(),
            Json(
                409,
                """{"type":"t","title":"t","status":409,"detail":"already """
                + """answered","code":"secret_not_repeatable","key_id":"mnopqrstuvwx"}"""));

        Assert.Equal(
            new Ran(5, "", """
                error: cannot create a key
                  why: already answered (409 secret_not_repeatable)
                  try: the key was made but its secret was lost on the way: session-mesh keys revoke mnopqrstuvwx, then create again

                """),
            await tool.RunAsync("keys create"));
    }

    private static void AssertHolds(string file, string secret)
    {
        Assert.Equal(secret + "\n", File.ReadAllText(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
    }
}
