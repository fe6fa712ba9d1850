using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Settings;

public sealed class SettingsTests
{
    private const string Local = ".local/share/session-mesh/root.key";
    private const string Address = ".local/share/session-mesh/root.address";

    [Theory]
    [InlineData("smk_aaaaaaaaaaaa_THESECRET_check2\n", 0, "")]
    [InlineData("", 2, "stdin does not hold a key")]
    [InlineData("two words", 2, "stdin does not hold a key")]
    public async Task KeyFile_Dash_IsStandardInput(string piped, int code, string words)
    {
        using var tool = new Tool(Json(200, """{"agent_id":"1"}""")) { PipedBytes = System.Text.Encoding.UTF8.GetBytes(piped) };
        var ran = await tool.RunAsync("show 1 -o name --key-file -");
        Assert.Equal(code, ran.Code);
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.Equal(
            code == 0 ? ["Bearer " + piped.Trim()] : [], tool.Server.Requests.Select(request => request.Headers["Authorization"]));
    }

    [Fact]
    public async Task KeyFile_Dash_HoldsNoMoreThanAKeyFile()
    {
        using var tool = new Tool(Json(200, "{}")) { PipedBytes = [.. Enumerable.Repeat((byte)'a', 4097)] };
        var ran = await tool.RunAsync("show 1 --key-file -");
        Assert.Equal(2, ran.Code);
        Assert.Contains("stdin does not hold a key: it has more than 4096 bytes", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_ComesFromTheFlag_ThenTheEnvironment_ThenTheContext_ThenTheLocalServer()
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.WriteFile(Local, "smk_local\n");
        tool.WriteFile(Address, "http://127.0.0.1:7420\n");
        tool.Env.Remove("SESSION_API_KEY");
        Assert.Equal("Bearer smk_local", await KeyOf(tool, "list"));

        await tool.RunAsync("context add here --key-file " + tool.WriteFile("context.key", "smk_context\n"));
        Assert.Equal("Bearer smk_context", await KeyOf(tool, "list"));

        tool.Env["SESSION_API_KEY"] = "smk_env";
        Assert.Equal("Bearer smk_env", await KeyOf(tool, "list"));
        Assert.Equal("Bearer smk_flag", await KeyOf(tool, "list --key-file " + tool.WriteFile("flag.key", " smk_flag \n")));
    }

    [Fact]
    public async Task LocalKey_IsNotReadInsideAnAgent_AndNotShownToAnotherHost()
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.WriteFile(Local, "smk_local\n");
        tool.WriteFile(Address, "http://127.0.0.1:7420\nhttp://[::1]:9\n");
        tool.Env.Remove("SESSION_API_KEY");
        Assert.Null(await KeyOf(tool, "list --url https://mesh.example"));
        Assert.Equal("Bearer smk_local", await KeyOf(tool, "list --url http://[::1]:9"));

        tool.Env["SESSION_MESH_AGENT_ID"] = "a1";
        Assert.Null(await KeyOf(tool, "list"));
    }

    /// <summary>Any program may listen on a loopback port, also where the server was.</summary>
    [Theory]
    [InlineData("http://127.0.0.1:7420", "http://127.0.0.1:7420", true)]
    [InlineData("http://localhost:7420", "http://127.0.0.1:7420", true)]
    [InlineData("http://localhost:7420", "http://localhost:7420", true)]
    [InlineData("http://[::]:7420", "http://127.0.0.1:7420", true)]
    [InlineData("http://0.0.0.0:7420", "http://localhost:7420", true)]
    [InlineData("http://127.0.0.1:7420", "http://127.0.0.1:7421", false)]
    [InlineData("http://127.0.0.1:7420", "https://127.0.0.1:7420", false)]
    [InlineData("http://127.0.0.1:7420", "http://[::1]:7420", false)]
    [InlineData("http://127.0.0.1:7420", "http://localhost:7420", false)]
    [InlineData("http://10.0.0.5:7420", "http://127.0.0.1:7420", false)]
    [InlineData("", "http://127.0.0.1:7420", false)]
    [InlineData(null, "http://127.0.0.1:7420", false)]
    public async Task LocalKey_GoesToTheAddressThatItsServerWrote_AndNowhereElse(string? written, string url, bool goes)
    {
        using var tool = new Tool(Problem(401, "unauthenticated", "a valid key is needed"));
        var root = tool.WriteFile(Local, "smk_local\n");
        if (written is not null)
        {
            tool.WriteFile(Address, written + "\n");
        }

        tool.Env.Remove("SESSION_API_KEY");
        var ran = await tool.RunAsync("list --url " + url);

        Assert.Equal(4, ran.Code);
        Assert.Equal(goes ? "Bearer smk_local" : null, tool.Server.Requests.Single().Headers.GetValueOrDefault("Authorization"));
        Assert.Equal(
            !goes,
            ran.Error.Contains(
                $"  try: the key in {root} goes to the addresses in root.address beside it alone: say one of them with --url, "
                + "or export SESSION_API_KEY=…\n",
                StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("SESSION_MESH_DATA", "elsewhere")]
    [InlineData("XDG_DATA_HOME", "elsewhere/..")]
    public async Task LocalKey_IsInTheServersDataDirectory(string variable, string directory)
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.WriteFile(variable == "SESSION_MESH_DATA" ? "elsewhere/root.key" : "session-mesh/root.key", "smk_there");
        tool.WriteFile(variable == "SESSION_MESH_DATA" ? "elsewhere/root.address" : "session-mesh/root.address", "http://127.0.0.1:7420\n");
        tool.WriteFile("elsewhere/other", "");
        tool.Env.Remove("SESSION_API_KEY");
        tool.Env[variable] = Path.GetFullPath(Path.Combine(tool.Home, directory));

        Assert.Equal("Bearer smk_there", await KeyOf(tool, "list"));
    }

    [Fact]
    public async Task ContextsKey_IsShownToItsOwnServerAlone()
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.Env.Remove("SESSION_API_KEY");
        await tool.RunAsync("context add prod --url https://mesh.example/x --key-file " + tool.WriteFile("prod.key", "smk_prod"));

        Assert.Equal("Bearer smk_prod", await KeyOf(tool, "list"));
        Assert.Equal("https://mesh.example/x/api/session-mesh/alive?limit=1000", tool.Server.Requests[^1].Url);
        Assert.Null(await KeyOf(tool, "list --url https://evil.example"));
        Assert.Null(await KeyOf(tool, "list --url http://mesh.example"));
    }

    /// <summary>What is typed comes before what is in the environment, and a key goes to its own server alone.</summary>
    [Fact]
    public async Task Context_OfThisOnce_ComesBeforeTheEnvironment()
    {
        using var tool = new Tool(Json(200, "{}"));
        var key = tool.WriteFile("two.key", "smk_of_two\n");
        tool.WriteFile(
            ".config/session-mesh/contexts.json",
            $$"""
            {"selected":"one","contexts":[{"name":"one","url":"http://one.example"},
             {"name":"two","url":"https://two.example","key_file":"{{key}}","cluster":"red"}]}
            """);
        tool.Env["SESSION_MESH_URL"] = "http://env.example";
        await tool.RunAsync("list --context two");
        await tool.RunAsync("--context two list --url http://flag.example");
        await tool.RunAsync("list");
        Assert.Equal(
            [
                ("https://two.example/api/session-mesh/alive?cluster=red&limit=1000", "Bearer smk_of_two"),
                ("http://flag.example/api/session-mesh/alive?cluster=red&limit=1000", null),
                ("http://env.example/api/session-mesh/alive?limit=1000", "Bearer smk_abcdefghijkl_THESECRET_check1"),
            ],
            tool.Server.Requests.Select(request => (request.Url, request.Headers.GetValueOrDefault("Authorization"))));

        var ran = await tool.RunAsync("list --context three");
        Assert.Equal((3, ""), (ran.Code, ran.Out));
        Assert.Contains("there is no context three\n  try: session-mesh context list\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Url_ComesFromTheFlag_ThenTheEnvironment()
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.Env["SESSION_MESH_URL"] = "http://env.example:1";

        await tool.RunAsync("list -o json");
        await tool.RunAsync("list -o json --url http://flag.example:2/");

        Assert.Equal(
            ["http://env.example:1/api/session-mesh/alive?limit=1000", "http://flag.example:2/api/session-mesh/alive?limit=1000"],
            tool.Server.Requests.Select(r => r.Url));
    }

    [Theory]
    [InlineData("ftp://x", "--url is not the URL of a server")]
    [InlineData("mesh.example", "--url is not the URL of a server")]
    [InlineData("http://user:pw@mesh.example", "--url is not the URL of a server")]
    public async Task Url_ThatIsNone_IsAUsageError(string url, string why)
    {
        using var tool = new Tool(Json(200, "{}"));

        var ran = await tool.RunAsync("list --url " + url);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\nline")]
    public async Task KeyFile_WithoutAKey_IsAUsageError_ThatDoesNotShowIt(string content)
    {
        using var tool = new Tool(Json(200, "{}"));
        var file = tool.WriteFile("bad.key", content);

        Assert.Equal(
            new Ran(2, "", $"error: cannot list agents\n  why: --key-file {file} does not hold a key\n"),
            await tool.RunAsync("list --key-file " + file));
    }

    [Fact]
    public async Task KeyFile_ThatIsAbsent_IsAUsageError()
    {
        using var tool = new Tool(Json(200, "{}"));

        Assert.Equal(2, (await tool.RunAsync("list --key-file /nowhere/x.key")).Code);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task WithoutAKey_The401SaysWhereKeysComeFrom()
    {
        using var tool = new Tool(Problem(401, "unauthenticated", "a valid key is needed"));
        tool.Env.Remove("SESSION_API_KEY");

        Assert.Equal(
            new Ran(
                4,
                "",
                "error: cannot list agents\n"
                + "  why: a valid key is needed (401 unauthenticated)\n"
                + "  try: export SESSION_API_KEY=…, or name a file with --key-file; "
                + "the server's first key is in root.key in its data directory\n"
                + "  request: r1\n"),
            await tool.RunAsync("list"));
    }

    [Fact]
    public async Task Contexts_AreKeptPrivate_AndChosenByName()
    {
        using var tool = new Tool(Json(200, "{}"));
        await tool.RunAsync("context add one --url http://one.example");
        await tool.RunAsync("context add two --url http://two.example --cluster blue");

        Assert.Equal(
            new Ran(0, """
                NAME  SELECTED  URL                 KEY FILE  CLUSTER
                one   yes       http://one.example  -         -
                two   no        http://two.example  -         blue

                """, ""),
            await tool.RunAsync("context list"));
        Assert.Equal(0, (await tool.RunAsync("context use two")).Code);
        Assert.Equal(
            new Ran(0, """{"name":"two","url":"http://two.example","key_source":"SESSION_API_KEY","cluster":"blue"}""" + "\n", ""),
            await tool.RunAsync("context show -o jsonl"));
        await tool.RunAsync("list");
        await tool.RunAsync("list --all-clusters");
        await tool.RunAsync("list --cluster red");
        Assert.Equal(

            [
                "http://two.example/api/session-mesh/alive?cluster=blue&limit=1000",
                "http://two.example/api/session-mesh/alive?limit=1000",
                "http://two.example/api/session-mesh/alive?cluster=red&limit=1000",
            ],
            tool.Server.Requests.Select(r => r.Url));

        Assert.Equal(5, (await tool.RunAsync("context add two")).Code);
        Assert.Equal(0, (await tool.RunAsync("context remove two")).Code);
        Assert.Equal(3, (await tool.RunAsync("context use two")).Code);
        Assert.Equal(3, (await tool.RunAsync("context remove two")).Code);

        var file = Path.Combine(tool.Home, ".config/session-mesh/contexts.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
        Assert.Equal([file], Directory.GetFiles(Path.GetDirectoryName(file)!));
    }

    [Fact]
    public async Task Contexts_ThatAreDamaged_AreAUsageErrorThatNamesTheFile()
    {
        using var tool = new Tool(Json(200, "{}"));
        var file = tool.WriteFile(".config/session-mesh/contexts.json", "{\n oops");

        Assert.Equal(
            new Ran(
                2,
                "",
                $"error: cannot list agents\n  why: {file} is damaged at line 2\n  try: repair it, or remove it and add the "
                + $"contexts again: rm '{file}'\n"),
            await tool.RunAsync("list"));
    }

    private static async Task<string?> KeyOf(Tool tool, string line)
    {
        Assert.Equal(0, (await tool.RunAsync(line + " -o json")).Code);
        return tool.Server.Requests[^1].Headers.GetValueOrDefault("Authorization");
    }
}
