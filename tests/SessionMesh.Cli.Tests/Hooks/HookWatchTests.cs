using System.Globalization;
using System.Text.Json.Nodes;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run;
using SessionMesh.Cli.Tests.Run.Attach;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hook PROGRAM</c> below a process of that program: when it starts a watcher. Here a script stands for it.</summary>
[Collection(ProcessCollection.Name)]
public sealed class HookWatchTests(HookServer server) : IClassFixture<HookServer>, IDisposable
{
    private readonly Scratch _scratch = new();

    public static TheoryData<string, string, string, string> Programs() => new()
    {
        { "claude-code", "claude", "SessionStart", "UserPromptSubmit" },
        { "codex", "codex", "SessionStart", "UserPromptSubmit" },
        { "gemini", "gemini", "SessionStart", "BeforeAgent" },
        { "opencode", "opencode", "session.start", "prompt" },
    };

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Session_GetsAWatcher_AndAnotherAtAPrompt(string program, string executable, string begin, string prompt)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var session = new HookedSession(server, program);
        await using var sh = await BelowAsync(session, executable);
        var said = _scratch.File("said");
        session.Tool.Program = Script($"echo \"$*\" >> {said}");
        await session.PassAsync(begin);
        var mark = program switch
        {
            "claude-code" => $" --mark CLAUDE_CODE_SESSION_ID={session.Id}",
            "codex" => $" --mark CODEX_SESSION_ID={session.Id}",
            _ => "",
        };
        var line = $"attach --pid {sh.Child.Pid} --agent-id {session.Agent} --hooked --incarnation 1 -q{mark} --in-background";
        Assert.Equal([line], await Eventually.Lines(said));

        // The one that was started is gone; while another is there, none is started.
        await session.PassAsync(program == "opencode" ? "tool.after" : "PostToolUse");
        var process = ProcFs.Read(sh.Child.Pid)!.Value;
        using (AttachRecord.Take(Attaching.HostAt(session.Tool.Home), server.Url, process, session.Agent))
        {
            await session.PassAsync(prompt);
        }

        await session.PassAsync(prompt);
        Assert.Equal([line, line], await Eventually.Lines(said, 2));
    }

    [Fact]
    public async Task WatcherThatCannotBeStarted_IsNoted_UntilOneIs()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var session = new HookedSession(server);
        await using var sh = await BelowAsync(session, "claude");
        session.Tool.Program = ["/nowhere/session-mesh"];
        await session.PassAsync("SessionStart");
        await session.PassAsync("PostToolUse");
        string? Unwatched() => JsonNode.Parse(File.ReadAllText(session.LedgerPath))!["unwatched"]?.GetValue<string>();
        Assert.Equal("/nowhere/session-mesh cannot be started", Unwatched());
        session.Tool.Program = Script("exit 0");
        await session.PassAsync("UserPromptSubmit");
        Assert.Null(Unwatched());
    }

    /// <summary>A process of a program, and below it one that the tool is to be.</summary>
    private async Task<Sh> BelowAsync(HookedSession session, string executable)
    {
        var (path, pids) = (_scratch.File(executable), _scratch.File("pids"));
        File.CreateSymbolicLink(path, "/bin/sh");
        var sh = new Sh(new SpawnRequest
        {
            File = path, Arguments = ["-c", $"sleep 1000 & echo $! >> {pids}; wait"], Environment = new Dictionary<string, string?>(),
        });
        session.Tool.Pid = int.Parse((await Eventually.Lines(pids))[0], CultureInfo.InvariantCulture);
        return sh;
    }

    /// <summary>The words that run a script in the tool's place.</summary>
    private string[] Script(string text)
    {
        var path = _scratch.File("tool");
        File.WriteAllText(path, text + "\n");
        return ["/bin/sh", path];
    }
}
