using SessionMesh.Cli.Hooks;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Client.Tests;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hooks doctor</c> and <c>agents</c>: what is said of a machine, and what to type.</summary>
public sealed class DoctorTests
{
    private const string Key = """{"key_id":"k1","session_key":"root","scopes":["mesh:read","registry:write"]}""";
    private const string WeakKey = """{"key_id":"k1","session_key":"root","scopes":["mesh:read"]}""";

    [Fact]
    public async Task Doctor_WithNothingInstalled_IsWell()
    {
        using var tool = new Tool(ScriptedServer.Json(200, Key));
        Assert.Equal(
            new Ran(
                0,
                "agent,version,user,project,trusted,heard_at,outcome,problems\r\n"
                + string.Concat(HookedAgents.All.Select(agent => $"{agent.Name},,not installed,not installed,,,,[]\r\n")),
                "the mesh at http://127.0.0.1:7420 is reached\n"),
            await tool.RunAsync("hooks doctor -o csv"));
    }

    [Fact]
    public async Task Doctor_OfHooksThatWork_SaysWhenOneWasHeard()
    {
        using var tool = new Tool(ScriptedServer.Json(200, Key));
        await tool.RunAsync("hooks install claude-code --detail");
        tool.WriteFile(
            ".local/state/session-mesh/hooks/claude-code.json",
            """{"heard_at":"2026-11-27T10:00:00Z","event":"Stop","outcome":"ok","events":7}""");
        Assert.Equal(
            new Ran(
                0,
                """{"agent":"claude-code","user":"up to date","heard_at":"2026-11-27T10:00:00Z","outcome":"ok","problems":[]}""" + "\n",
                "the mesh at http://127.0.0.1:7420 is reached\n"),
            await tool.RunAsync("hooks doctor claude-code -o jsonl --fields agent,user,heard_at,outcome,problems"));
    }

    [Fact]
    public async Task Doctor_OfASessionWithoutAWatcher_SaysWhy()
    {
        using var tool = new Tool(ScriptedServer.Json(200, Key));
        await tool.RunAsync("hooks install claude-code");
        tool.WriteFile(
            ".local/state/session-mesh/hooks/claude-code.json",
            """{"heard_at":"2026-11-27T10:00:00Z","event":"Stop","outcome":"ok","unwatched":"/x/session-mesh cannot be started"}""");
        var ran = await tool.RunAsync("hooks doctor claude-code -o name");
        Assert.Equal(
            new Ran(
                1, "claude-code\n",
                """
                a session of Claude Code has no watcher, which keeps it alive and sees its end: /x/session-mesh cannot be started
                  try: session-mesh hooks install claude-code

                """),
            ran);
    }

    /// <summary>Codex runs no hook that it does not trust; what asks it is a script here.</summary>
    [Theory]
    [InlineData("untrusted", 1, "codex,false\r\n")]
    [InlineData("trusted", 0, "codex,true\r\n")]
    public async Task Doctor_OfCodex_SaysWhetherItTrustsTheHooks(string trust, int code, string row)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var tool = new Tool(ScriptedServer.Json(200, Key));
        await tool.RunAsync("hooks install codex");
        FakeCodex(tool, trust);
        var ran = await tool.RunAsync("hooks doctor codex -o csv --no-headers --fields agent,trusted");
        Assert.Equal((code, row), (ran.Code, ran.Out));
        var says = "Codex does not trust all of the hooks, and runs none that it does not\n"
            + "  try: session-mesh hooks install codex --trust\n";
        Assert.Equal(code == 0 ? "the mesh at http://127.0.0.1:7420 is reached\n" : says, ran.Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Doctor_OfHooksByHttp_SaysWhetherTheVariableIsSet(bool isSet)
    {
        using var tool = new Tool(ScriptedServer.Json(200, Key));
        await tool.RunAsync("hooks install claude-code --http");
        if (!isSet)
        {
            tool.Env.Remove("SESSION_API_KEY");
        }

        var ran = await tool.RunAsync("hooks doctor claude-code -o csv --no-headers --fields agent,http,variable_set");
        Assert.Equal((isSet ? 0 : 1, $"claude-code,true,{(isSet ? "true" : "false")}\r\n"), (ran.Code, ran.Out));
        Assert.Equal(
            isSet
                ? "the mesh at http://127.0.0.1:7420 is reached\n"
                : "SESSION_API_KEY is not set here, and hooks by HTTP have no other key\n  try: export SESSION_API_KEY=…\n",
            ran.Error);
    }

    [Fact]
    public async Task Doctor_NamesEachProblem_AndWhatMendsIt()
    {
        using var tool = new Tool(ScriptedServer.Json(200, WeakKey));
        await tool.RunAsync("hooks install claude-code --http");
        await tool.RunAsync("hooks install gemini --project");
        tool.Program = ["/elsewhere/session-mesh"];
        tool.WriteFile(".codex/hooks.json", "{");
        var ran = await tool.RunAsync("hooks doctor -o name");
        Assert.Equal(1, ran.Code);
        Assert.Equal(
            $"""
            the hooks of Claude Code are not those of this version
              try: session-mesh hooks install claude-code --http
            the mesh is not reached: the key from SESSION_API_KEY lacks registry:write
              try: session-mesh keys create --scope mesh:read,registry:write
            {tool.Home}/.codex/hooks.json:1:2: the file ends where {"}"} is due
              try: session-mesh hooks doctor codex, once that is put right
            the hooks of Gemini CLI in this project are not those of this version
              try: session-mesh hooks install gemini --project

            """,
            ran.Error);
    }

    [Fact]
    public async Task Agents_SaysWhatIsHere_AndHowToBringItIn_WithoutTheMesh()
    {
        using var tool = new Tool();
        var program = tool.WriteFile("bin/gemini", "#!/bin/sh\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        tool.Env["PATH"] = Path.GetDirectoryName(program)!;
        const string line = "agents -o csv --fields agent,installed,program,user,command";
        var ran = await tool.RunAsync(line);
        Assert.Contains($"gemini,true,{program},not installed,session-mesh hooks install gemini\r\n", ran.Out, StringComparison.Ordinal);
        await tool.RunAsync("hooks install gemini");
        Assert.Contains($"gemini,true,{program},up to date,\r\n", (await tool.RunAsync(line)).Out, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("claude-code", true, "claude")]
    [InlineData("claude-code", true, "/home/ann/.local/bin/claude", "-p", "work")]
    [InlineData("gemini", true, "/usr/bin/node", "--max-old-space-size=4096", "/usr/lib/node_modules/.bin/gemini")]
    [InlineData("gemini", true, "node", "/usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js")]
    [InlineData("openclaw", true, "openclaw-gateway")]
    [InlineData("codex", true, "/x/vendor/bin/codex", "app-server")]
    [InlineData("claude-code", true, "node", "/usr/local/bin/claude")]
    [InlineData("gemini", false, "node", "/srv/gemini-tools/server.js")]
    [InlineData("codex", false, "/usr/bin/vim", "codex")]
    [InlineData("codex", false, "node", "/srv/app.js", "codex")]
    [InlineData("codex", false, "")]
    public void AProcess_IsKnownByItsProgram(string agent, bool isOne, params string[] words) =>
        Assert.Equal(isOne, AgentProcess.IsOf(HookedAgents.Named(agent), words));

    private static void FakeCodex(Tool tool, string trust)
    {
        var hooks = Path.Combine(tool.Home, ".codex/hooks.json");
        var program = tool.WriteFile(
            "bin/codex",
            $$$"""
            #!/bin/sh
            [ "$1" = --version ] && echo 'codex-cli 0.169.0' && exit
            while read -r line; do
              case "$line" in
                *'"initialize"'*) echo '{"id":1,"result":{}}' ;;
                *hooks/list*) echo '{"id":2,"result":{"data":[{"hooks":[{"sourcePath":"{{{hooks}}}",'\
                  '"command":"/opt/mesh/session-mesh hook codex","trustStatus":"{{{trust}}}"}]}]}}' ;;
              esac
            done

            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        tool.Env["PATH"] = Path.GetDirectoryName(program)!;
        Directory.CreateDirectory(Path.Combine(tool.Home, "work"));
    }

    /// <summary>What a plugin needs is beside it, and goes with it.</summary>
    [Theory]
    [InlineData("opencode", ".config/opencode/plugins/session-mesh")]
    [InlineData("openclaw", ".openclaw/extensions/session-mesh")]
    public async Task APlugin_FindsTheTool_AndGoesWhole(string agent, string folder)
    {
        using var tool = new Tool();
        Assert.Equal(0, (await tool.RunAsync($"hooks install {agent}")).Code);
        Assert.Equal(
            "{\"command\":[\"/opt/mesh/session-mesh\"]}\n", await File.ReadAllTextAsync(Path.Combine(tool.Home, folder, "tool.json")));
        Assert.Contains("unchanged", (await tool.RunAsync($"hooks install {agent}")).Out, StringComparison.Ordinal);
        tool.Program = ["/elsewhere/session-mesh"];
        Assert.Contains("updated", (await tool.RunAsync($"hooks install {agent}")).Out, StringComparison.Ordinal);
        Assert.Contains("removed", (await tool.RunAsync($"hooks uninstall {agent}")).Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(tool.Home, folder.Split('/')[0])));
    }
}
