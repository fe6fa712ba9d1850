using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Keys;

/// <summary><c>keys create | list | show | refresh</c>, as command lines against a scripted server.</summary>
public sealed class KeyCommandTests
{
    private const string Created =
        """{"key_id":"mnopqrstuvwx","session_key":"ci","token":"smk_mnopqrstuvwx_FRESH_check2","ttl":"""
        + """60,"expires_at":"2026-01-02T04:04:05Z","scopes":["steer"],"within":["subtree:a"],"agent_id":null,"generation":"""
        + """1,"refresh_token":"smr_mnopqrstuvwx_AGAIN_check3","service":false}""";

    private const string Shown =
        """{"key_id":"mnopqrstuvwx","session_key":"ci","ttl":60,"expires_at":"2026-01-02T04:04:05Z","scopes":"""
        + """["steer"],"within":["subtree:a"],"agent_id":null,"generation":1,"service":false}""";

    private const string Row =
        """{"key_id":"k1","session_key":"ci","parent_id":"k0","scopes":["mesh:read","steer"],"within":["cluster:c","subtree:"""
        + """a"],"agent_id":null,"incarnation":null,"generation":2,"valid":true,"created_at":"2026-01-02T03:00:"""
        + """00Z","expires_at":"2026-01-02T04:04:05Z","refreshable_until":null,"service":false,"last_used_at":null}""";

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
    [InlineData("keys list --service", "GET /keys?service=true&limit=1000")]
    [InlineData("keys list --service --ends-within 14d", "GET /keys?service=true&ends_within=1209600&limit=1000")]
    [InlineData(
        "keys create --service prometheus --scope mesh:read --ttl 90d",
        """POST /keys {"session_key":"prometheus","ttl":7776000,"scopes":["mesh:read"],"service":true}""")]
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
    [InlineData("keys create --scope steer --force", "--force needs --out")]
    [InlineData("keys create --service s --scope steer --name n", "--service cannot be combined with --name")]
    [InlineData("keys create --service s --scope steer --refresh", "--service cannot be combined with --refresh")]
    [InlineData("keys create --service s --agent-id a", "--service cannot be combined with --agent-id")]
    [InlineData("keys show a/b", "'a/b' is not the id of a key")]
    [InlineData("keys refresh", "stdin does not hold a key")]
    [InlineData("keys refresh --refresh-file ci.token", "ci.token is not named KEYFILE.refresh")]
    [InlineData("keys refresh --refresh-file ci.refresh --out ci", "leave one of them out")]
    [InlineData("keys refresh smr_abcdefghijkl_THESECRET_check1", "'session-mesh keys refresh' takes no argument 'smr_abcdefghijkl_…'")]
    public async Task WrongCommandLine_IsRefusedBeforeAnythingIsSent(string line, string words)
    {
        using var tool = new Tool(Json(200, "{}"));

        var ran = await tool.RunAsync(line);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    /// <summary>A key that nobody limited would be as strong as the one that mints it.</summary>
    [Fact]
    public async Task Create_WithoutAScope_AndWithoutATerminal_MintsNothing()
    {
        using var tool = new Tool(Json(201, Created));
        Assert.Equal(
            new Ran(
                2,
                "",
                "error: cannot create a key\n  why: no scope is given, and there is no terminal to ask on\n"
                + "  try: --scope mesh:read; there are mesh:read, registry:write, steer, kill, sessions:read, sessions:write, "
                + "keys:mint, audit:read, admin\n"),
            await tool.RunAsync("keys create --name ci"));
        Assert.Empty(tool.Calls);
    }

    [Theory]
    [InlineData("mesh:read, steer", 0, """POST /keys {"session_key":"ci","scopes":["mesh:read","steer"]}""")]
    [InlineData("", 1, null)]
    public async Task Create_WithoutAScope_AsksForIt(string typed, int code, string? call)
    {
        using var tool = new Tool(Json(201, Created)) { Typed = typed };
        var ran = await tool.RunAsync("keys create --name ci");
        Assert.Equal(code, ran.Code);
        Assert.StartsWith("What may the key do? mesh:read, registry:write, ", ran.Error, StringComparison.Ordinal);
        Assert.Equal(call, tool.Calls.SingleOrDefault());
    }

    [Fact]
    public async Task Create_OfAnAgentsKey_NeedsNoScope()
    {
        using var tool = new Tool(Json(201, Created));
        Assert.Equal(0, (await tool.RunAsync("keys create --agent-id a1")).Code);
        Assert.Equal("""POST /keys {"agent_id":"a1"}""", Assert.Single(tool.Calls));
    }

    private const string ThreeKeys = """
        {"keys":[
          {"key_id":"rootrootroot","session_key":"root","parent_id":null,"scopes":["admin"],"generation":1,"valid":true,
           "created_at":"2026-01-01T00:00:00Z"},
          {"key_id":"leadleadlead","session_key":"lead","parent_id":"rootrootroot","scopes":["steer"],"generation":1,"valid":true,
           "created_at":"2026-01-01T00:00:00Z"},
          {"key_id":"workerworker","session_key":"worker","parent_id":"leadleadlead","scopes":["steer"],"generation":1,"valid":true,
           "created_at":"2026-01-01T00:00:00Z"}],"count":3,"next_cursor":null}
        """;

    [Fact]
    public async Task Revoke_SaysHowManyKeysEnd_AndNamesEachThatDid()
    {
        using var tool = new Tool(
            Json(200, ThreeKeys), Json(200, """{"key_id":"leadleadlead","revoked":["leadleadlead","workerworker"]}"""))
        { Typed = "y" };
        Assert.Equal(
            new Ran(
                0,
                "REVOKED\nleadleadlead\nworkerworker\n",
                "Revoke key leadleadlead (lead) and 1 key minted under it? Streams that it opened are cut. [y/N] "),
            await tool.RunAsync("keys revoke leadleadlead"));
    }

    [Theory]
    [InlineData("y", 1)]
    [InlineData("rootrootroot", 0)]
    public async Task Revoke_OfTheRootKey_WantsItsIdTyped(string typed, int code)
    {
        using var tool = new Tool(Json(200, ThreeKeys), Json(200, """{"key_id":"rootrootroot","revoked":["rootrootroot"]}"""))
        {
            Typed = typed,
        };
        var ran = await tool.RunAsync("keys revoke rootrootroot");
        Assert.Equal(code, ran.Code);
        Assert.StartsWith("rootrootroot is the root key: without it nobody can mint keys", ran.Error, StringComparison.Ordinal);
        Assert.Contains("Type its id to revoke it and 2 keys minted under it: ", ran.Error, StringComparison.Ordinal);
        Assert.Equal(code == 0 ? 2 : 1, tool.Calls.Count());
    }

    private const string RootRow = """
        {"key_id":"rootrootroot","session_key":"root","parent_id":null,"scopes":["admin"],"generation":1,"valid":true,
         "created_at":"2026-01-01T00:00:00Z"}
        """;

    /// <summary>Without the root key nobody is left who may mint one: no habit of a script says so.</summary>
    [Theory]
    [InlineData("keys revoke rootrootroot --yes")]
    [InlineData("keys revoke smk_rootrootroot_THESECRET_check1 -y --no-input")]
    public async Task Revoke_OfTheRootKey_WithYesAlone_IsRefused(string line)
    {
        using var tool = new Tool(Json(200, RootRow));
        Assert.Equal(
            new Ran(
                2,
                "",
                "error: cannot revoke key rootrootroot\n  why: rootrootroot is the root key: without it nobody can mint keys, and --yes "
                + "alone does not revoke it\n  try: session-mesh keys revoke rootrootroot --confirm rootrootroot, or session-mesh admin "
                + "new-root for another one in its place\n"),
            await tool.RunAsync(line));
        Assert.Equal(["GET /keys/rootrootroot"], tool.Calls);
    }

    [Theory]
    [InlineData("keys revoke rootrootroot --confirm rootrootroot", null, "DELETE /keys/rootrootroot")]
    [InlineData("keys revoke rootrootroot --yes --confirm rootrootroot", null, "DELETE /keys/rootrootroot")]
    [InlineData("keys revoke rootrootroot --yes", "rootrootroot", "GET /keys/rootrootroot, DELETE /keys/rootrootroot")]
    [InlineData("keys revoke rootrootroot --yes", "yes", "GET /keys/rootrootroot")]
    public async Task Revoke_OfTheRootKey_WantsItsIdOnceMore(string line, string? typed, string calls)
    {
        using var tool = new Tool(Json(200, RootRow.Replace("}", ",\"revoked\":[\"rootrootroot\"]}", StringComparison.Ordinal)))
        {
            Typed = typed,
        };
        Assert.Equal(typed == "yes" ? 1 : 0, (await tool.RunAsync(line)).Code);
        Assert.Equal(calls, string.Join(", ", tool.Calls));
    }

    [Theory]
    [InlineData("keys revoke abcdefghijkl --yes")]
    [InlineData("keys revoke smk_abcdefghijkl_THESECRET_check1 --yes")]
    public async Task Revoke_WithYes_LooksWhetherItIsTheRootKey(string line)
    {
        using var tool = new Tool(
            Json(200, """{"key_id":"abcdefghijkl","parent_id":"k0","scopes":["admin"],"revoked":["abcdefghijkl"]}"""));
        Assert.Equal(new Ran(0, "REVOKED\nabcdefghijkl\n", ""), await tool.RunAsync(line));
        Assert.Equal(["GET /keys/abcdefghijkl", "DELETE /keys/abcdefghijkl"], tool.Calls);
    }

    [Fact]
    public async Task Revoke_OfSeveral_SkipsWhatHasEndedWithAnother_AndGoesOnAfterOneThatIsRefused()
    {
        using var tool = new Tool(
            Json(200, ThreeKeys), Json(200, """{"key_id":"leadleadlead","revoked":["leadleadlead","workerworker"]}"""),
            Problem(404, "key_not_found", "no such key"))
        {
            Typed = "y",
        };
        Assert.Equal(
            new Ran(
                7,
                """{"key_id":"leadleadlead"}""" + "\n" + """{"key_id":"workerworker"}""" + "\n",
                "Revoke key leadleadlead (lead), workerworker (worker), gone? Streams that they opened are cut. [y/N] "
                + "key gone: no such key (key_not_found)\n2 of 3 keys revoked\n"),
            await tool.RunAsync("keys revoke leadleadlead workerworker gone -o jsonl"));
        Assert.Equal(["GET /keys?limit=1000", "DELETE /keys/leadleadlead", "DELETE /keys/gone"], tool.Calls);
    }

    [Fact]
    public async Task Show_OfOne_IsALineForEachMember()
    {
        using var tool = new Tool(Json(200, Row.Replace("\"valid\":true", "\"valid\":true,\"state\":\"valid\"", StringComparison.Ordinal)));
        Assert.Equal(
            new Ran(
                0,
                """
                key id             k1
                name               ci
                generation         2
                service            no
                state              valid
                scopes             mesh:read,steer
                within             cluster:c,subtree:a
                agent id           -
                incarnation        -
                created at         4m5s ago
                expires at         in 1h
                refreshable until  -
                last used at       not kept
                parent id          k0

                """,
                ""),
            await tool.RunAsync("keys show k1"));
    }

    [Fact]
    public async Task Show_OfSeveral_IsAList()
    {
        using var tool = new Tool(Json(200, Row), Json(200, Row.Replace("\"k1\"", "\"k2\"", StringComparison.Ordinal)));
        Assert.Equal(new Ran(0, "k1\nk2\n", ""), await tool.RunAsync("keys show k1 self -o name"));
        Assert.Equal(["GET /keys/k1", "GET /keys/self"], tool.Calls);
    }

    [Fact]
    public async Task Create_WithoutAFile_ShowsBothSecretsOnce()
    {
        using var tool = new Tool(Json(201, Created));

        var ran = await tool.RunAsync("keys create --scope steer --refresh");

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
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(tool.Home, "keys")).FullName, "ci.key");

        Assert.Equal(
            new Ran(
                0,
                Shown + "\n",
                $"the key is in {file}: use it with --key-file\nthe refresh token is in {file}.refresh: as long as it lies there, "
                + "the tool renews the key by itself\n"),
            await tool.RunAsync($"keys create --scope steer --refresh {option} {file} -o jsonl"));

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

        var ran = await tool.RunAsync($"keys create --scope steer --out {file}");

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains($"{taken} already exists", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
        Assert.Equal("precious", await File.ReadAllTextAsync(taken));

        Assert.Equal(0, (await tool.RunAsync($"keys create --scope steer --out {file} --force")).Code);
        AssertHolds(file, "smk_mnopqrstuvwx_FRESH_check2");
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
            KEY ID  NAME  GEN  SCOPES           WITHIN               AGENT  SERVICE  EXPIRES  LAST USED  PARENT
            k1      ci      2  mesh:read,steer  cluster:c,subtree:a  -      no       in 1h    not kept   k0

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
    [InlineData(409, "key_name_taken", 5, "--service NAME in place of --name, to rotate a service key; another name; or session-mesh keys")]
    [InlineData(409, "not_renewable", 5, "session-mesh keys create --scope …, for another one")]
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

        Assert.Contains("smk_mnopqrstuvwx_FRESH_check2", (await tool.RunAsync("keys create --scope steer")).Out, StringComparison.Ordinal);

        var file = Path.Combine(tool.Home, "ci.key");
        var ran = await tool.RunAsync($"keys create --scope steer --key-out {file} -o jsonl");
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
            await tool.RunAsync("keys create --scope steer"));
    }

    private static void AssertHolds(string file, string secret)
    {
        Assert.Equal(secret + "\n", File.ReadAllText(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
    }
}
