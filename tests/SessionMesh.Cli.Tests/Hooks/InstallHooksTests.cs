using System.Text.Json.Nodes;
using SessionMesh.Cli.Hooks.Kinds;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hooks install</c> and <c>hooks uninstall</c> as somebody types them.</summary>
public sealed class InstallHooksTests : IDisposable
{
    private readonly Tool _tool = new();

    private string Claude => Path.Combine(_tool.Home, ".claude/settings.json");

    public void Dispose() => _tool.Dispose();

    [Fact]
    public async Task Install_WithoutSettings_MakesThem_AndUninstallLeavesNothing()
    {
        Assert.Equal(
            new Ran(0, $"agent,scope,state,settings,plugin,backup\r\ncodex,user,installed,{Codex},,\r\n", CodexNote),
            await _tool.RunAsync("hooks install codex -o csv"));
        var text = await File.ReadAllTextAsync(Codex);
        Assert.StartsWith(
            """
            {
              "hooks": {
                "SessionStart": [
                  {
                    "hooks": [
                      {
                        "type": "command",
                        "command": "/opt/mesh/session-mesh hook codex",
                        "timeout": 10
                      }
                    ]
                  }
                ],
                "SessionEnd": [
                  {
                    "hooks": [
                      {
                        "type": "command",
                        "command": "/opt/mesh/session-mesh hook codex",
                        "timeout": 3
                      }
                    ]
                  }
                ],
            """,
            text,
            StringComparison.Ordinal);
        Assert.Equal(
            new Ran(0, $"agent,scope,state,settings,plugin,backup\r\ncodex,user,unchanged,{Codex},,\r\n", CodexNote),
            await _tool.RunAsync("hooks install codex -o csv"));
        var removed = await _tool.RunAsync("hooks uninstall codex --fields state");
        Assert.Equal(0, removed.Code);
        Assert.Contains("removed", removed.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.GetDirectoryName(Codex)));
        Assert.Contains("not installed", (await _tool.RunAsync("hooks uninstall codex")).Out, StringComparison.Ordinal);
        Assert.Empty(_tool.Server.Requests);
    }

    /// <summary>People and programs write settings while hooks are installed.</summary>
    [Fact]
    public async Task Uninstall_AfterEditsOfOthers_LeavesThoseAlone()
    {
        const string before = "{\n  \"model\": \"opus\",\n  \"hooks\": {\n    \"Stop\": [ ]\n  }\n}\n";
        _tool.WriteFile(".claude/settings.json", before);
        await _tool.RunAsync("hooks install claude-code");
        var text = await File.ReadAllTextAsync(Claude);
        text = text.Replace("\"opus\"", "\"sonnet\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(Claude, text.Replace("\n}\n", ",\n  \"env\": {}\n}", StringComparison.Ordinal));
        Assert.Equal(0, (await _tool.RunAsync("hooks uninstall claude-code")).Code);
        Assert.Equal(
            "{\n  \"model\": \"sonnet\",\n  \"hooks\": {\n    \"Stop\": [ ]\n  },\n  \"env\": {}\n}", await File.ReadAllTextAsync(Claude));
    }

    [Fact]
    public async Task Install_KeepsABackup_TheMode_AndALink()
    {
        const string before = "{\"model\":\"opus\"}";
        var target = _tool.WriteFile("dotfiles/claude.json", before);
        Directory.CreateDirectory(Path.GetDirectoryName(Claude)!);
        File.CreateSymbolicLink(Claude, "../dotfiles/claude.json");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }

        var ran = await _tool.RunAsync("hooks install claude-code -o json --fields backup");
        Assert.Equal(0, ran.Code);
        var backup = ran.Out.Split('"')[3];
        var kept = Path.Combine(_tool.Home, ".local/state/session-mesh/hooks/backup/claude-code-");
        Assert.StartsWith(kept, backup, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(backup));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(backup));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, Tool.ModeOf(target));
        Assert.Equal("../dotfiles/claude.json", new FileInfo(Claude).LinkTarget);
        Assert.StartsWith(
            "{\"model\":\"opus\", \"hooks\": {\"SessionStart\":[{", await File.ReadAllTextAsync(target), StringComparison.Ordinal);
        Assert.Equal(["claude.json"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(target)!).Select(Path.GetFileName));
        await _tool.RunAsync("hooks uninstall claude-code");
        Assert.Equal(before, await File.ReadAllTextAsync(target));
        Assert.Equal("../dotfiles/claude.json", new FileInfo(Claude).LinkTarget);
    }

    [Theory]
    [InlineData("{\n  \"model\": \"opus\",\n}\n", "2:18: a comma with nothing after it before }")]
    [InlineData("{ // mine\n}", "1:3: a comment, which this file cannot have")]
    [InlineData("{\n  \"hooks\": []\n}", "2:12: hooks is a list, and not an object")]
    [InlineData("{\"hooks\": {\"Stop\": {}}}", "1:20: hooks/Stop is an object, and not a list")]
    [InlineData("{\"hooks\": {\"Stop\": [{\"matcher\": \"\"}]}}", "1:21: hooks/Stop has an entry without a list named hooks")]
    [InlineData("{\"hooks\": {}, \"hooks\": {}}", "1:15: hooks is there twice")]
    [InlineData("[]", "1:1: the settings are a list, and not an object")]
    [InlineData("{\"a\": \"b", "1:7: this text has no end")]
    public async Task Install_IntoSettingsThatAreNot_LeavesThemAlone(string text, string why)
    {
        _tool.WriteFile(".claude/settings.json", text);
        var error = $"\n  why: {Claude}:{why}\n  try: the same command, once that is put right; nothing was changed\n";
        Assert.Equal(
            new Ran(1, "", "error: cannot install hooks for Claude Code" + error), await _tool.RunAsync("hooks install claude-code"));
        Assert.Equal(
            new Ran(1, "", "error: cannot uninstall the hooks of Claude Code" + error),
            await _tool.RunAsync("hooks uninstall claude-code"));
        Assert.Equal(text, await File.ReadAllTextAsync(Claude));
        Assert.False(Directory.Exists(Path.Combine(_tool.Home, ".local/state")));
    }

    [Fact]
    public async Task DryRun_ShowsTheChange_AndMakesNone()
    {
        _tool.WriteFile(".codex/hooks.json", "{\n  \"hooks\": {\"Stop\": []}\n}\n");
        var ran = await _tool.RunAsync("hooks install codex --dry-run -o table");
        Assert.StartsWith("  {\n-   \"hooks\": {\"Stop\": []}\n+   \"hooks\": {", ran.Error, StringComparison.Ordinal);
        Assert.Equal("{\n  \"hooks\": {\"Stop\": []}\n}\n", await File.ReadAllTextAsync(Codex));
        Assert.False(Directory.Exists(Path.Combine(_tool.Home, ".local/state")));
    }

    [Fact]
    public async Task Install_Http_NamesTheVariable_AndNeverTheKey()
    {
        _tool.Env.Remove("SESSION_API_KEY");
        var ran = await _tool.RunAsync("hooks install claude-code --http --project");
        Assert.Contains("SESSION_API_KEY is not set here", ran.Error, StringComparison.Ordinal);
        var text = await File.ReadAllTextAsync(Path.Combine(_tool.Home, "work/.claude/settings.json"));
        Assert.Contains(
            """
                        "type": "http",
                        "url": "http://127.0.0.1:7420/api/session-mesh/hooks/claude-code",
                        "headers": {
                          "Authorization": "Bearer $SESSION_API_KEY"
                        },
                        "allowedEnvVars": [
                          "SESSION_API_KEY"
                        ],
                        "timeout": 1
            """,
            text,
            StringComparison.Ordinal);
        var commands = JsonNode.Parse(text)!["hooks"]!.AsObject()
            .Where(one => one.Value![0]!["hooks"]![0]!["type"]!.GetValue<string>() == "command").Select(one => one.Key);
        Assert.Equal(["SessionStart", "PreToolUse", "SessionEnd"], commands);
        Assert.Equal(2, (await _tool.RunAsync("hooks install codex --http")).Code);
        Assert.Equal(2, (await _tool.RunAsync("hooks install claude-code --user --project")).Code);
        Assert.Equal(2, (await _tool.RunAsync("hooks install emacs")).Code);
        await _tool.RunAsync("hooks install claude-code --project");
        text = await File.ReadAllTextAsync(Path.Combine(_tool.Home, "work/.claude/settings.json"));
        Assert.DoesNotContain("http", text, StringComparison.Ordinal);
        await _tool.RunAsync("hooks uninstall claude-code --project");
        Assert.False(Directory.Exists(Path.Combine(_tool.Home, "work")));
    }

    /// <summary>To open it would wait for somebody who writes.</summary>
    [Fact]
    public async Task Install_IntoAPipe_IsRefused()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Claude)!);
        HookAwayTests.MakePipe(Claude);
        var ran = await _tool.RunAsync("hooks install claude-code").WaitAsync(Eventually.Bound);
        Assert.Equal(
            new Ran(
                1, "",
                $"error: cannot install hooks for Claude Code\n  why: {Claude} is not a regular file\n"
                + "  try: a settings file that can be read\n"),
            ran);
    }

    /// <summary>An old program may drop all settings for one event that it does not know.</summary>
    [Fact]
    public async Task Install_ForAnOldClaude_LeavesItsUnknownEventOut()
    {
        var program = _tool.WriteFile("bin/claude", "#!/bin/sh\necho '2.1.50 (Claude Code)'\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        _tool.Env["PATH"] = Path.GetDirectoryName(program)!;
        var ran = await _tool.RunAsync("hooks install claude-code");
        Assert.Equal(
            "PostToolBatch is left out: claude 2.1.50 does not know it; after an update, the same command again\n", ran.Error);
        Assert.DoesNotContain("PostToolBatch", await File.ReadAllTextAsync(Claude), StringComparison.Ordinal);
        Assert.Contains("PostToolUseFailure", await File.ReadAllTextAsync(Claude), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/opt/mesh/session-mesh hook codex", true)]
    [InlineData("session-mesh hook codex --detail", true)]
    [InlineData("'/my tools/session-mesh' hook codex", true)]
    [InlineData("\"/my tools/session-mesh\" hook  codex", true)]
    [InlineData("/my\\ tools/session-mesh hook codex", true)]
    [InlineData("dotnet /src/bin/session-mesh.dll hook codex --wake", true)]
    [InlineData("session-mesh hook claude-code", false)]
    [InlineData("echo session-mesh hook codex", false)]
    [InlineData("session-mesh hook codex && date", false)]
    [InlineData("session-mesh hook codex; date", false)]
    [InlineData("session-mesh hook codex # mine", false)]
    [InlineData("session-mesh hook codex > log", false)]
    [InlineData("/opt/my-session-mesh hook codex", false)]
    [InlineData("session-mesh hooks codex", false)]
    [InlineData("session-mesh hook codex other", false)]
    [InlineData("session-mesh hook 'codex", false)]
    [InlineData("", false)]
    public void Ours_IsTheCommandItself_AndNotALineThatSpeaksOfIt(string command, bool isOurs) =>
        Assert.Equal(isOurs, HookProgram.IsOurs(command, "codex"));

    private string Codex => Path.Combine(_tool.Home, ".codex/hooks.json");

    private const string CodexNote =
        "Codex runs no hook before its owner trusts it: start codex once and accept them, or session-mesh hooks install codex --trust\n";
}
