using System.Text.Json;
using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Run;

/// <summary><c>events --exec</c>: a program for each event, with the event beside its command and never in it.</summary>
[Collection(ProcessCollection.Name)]
public sealed class EventProgramTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Program_HasEachEventOnce_InOrder_AcrossAReconnect()
    {
        using var tool = new Tool(
            Stream(Frame(8, "agent.lost") + Frame(9, "agent.stalled", ",\"progress\":1")), Stream(Frame(10, "agent.lost")));
        var program = Program("""
            what="$SESSION_MESH_EVENT_REVISION $SESSION_MESH_EVENT_KIND $SESSION_MESH_EVENT_SUBJECT"
            echo "$what $SESSION_MESH_EVENT_AT $SESSION_MESH_EVENT_ACTOR $#" >> "$0.out"
            cat >> "$0.out"
            """);

        var ran = await tool.RunAsync($"events --kind agent.lost,agent.stalled --limit 3 -o name --exec {program}");

        Assert.Equal((0, "8\n9\n10\n"), (ran.Code, ran.Out));
        Assert.Equal(
            """
            8 agent.lost a1 2026-01-02T03:04:05Z mesh 0
            {"revision":8,"at":"2026-01-02T03:04:05Z","actor":"mesh","kind":"agent.lost","subject":"a1"}
            9 agent.stalled a1 2026-01-02T03:04:05Z mesh 0
            {"revision":9,"at":"2026-01-02T03:04:05Z","actor":"mesh","kind":"agent.stalled","subject":"a1","progress":1}
            10 agent.lost a1 2026-01-02T03:04:05Z mesh 0
            {"revision":10,"at":"2026-01-02T03:04:05Z","actor":"mesh","kind":"agent.lost","subject":"a1"}

            """, await File.ReadAllTextAsync(program + ".out"));
        Assert.Equal(
            ["GET /events?kind=agent.lost%2Cagent.stalled", "GET /events?kind=agent.lost%2Cagent.stalled"], tool.Calls);
        Assert.Equal("9", tool.Server.Requests[1].Headers.GetValueOrDefault("Last-Event-ID"));
    }

    /// <summary>What an event says is data, whatever it looks like.</summary>
    [Fact]
    public async Task Event_ThatLooksLikeACommand_IsNotRun()
    {
        var trap = _scratch.File("trap");
        var program = Program("printf '%s' \"$SESSION_MESH_EVENT_SUBJECT\" > \"$0.out\"");
        var subject = $"$(touch {trap}); `touch {trap}` 'x'";

        Assert.Null(await new EventProgram(program, Eventually.Bound, TimeProvider.System).RunAsync(Event(subject), default));

        Assert.Equal(subject, await File.ReadAllTextAsync(program + ".out"));
        Assert.False(File.Exists(trap));
    }

    [Fact]
    public async Task Failure_IsSaid_AndTheNextEventHasItsRun()
    {
        using var tool = new Tool(Stream(Frame(8, "agent.lost") + Frame(9, "agent.lost")));
        var program = Program("""test "$SESSION_MESH_EVENT_REVISION" = 9 || exit 3""");

        Assert.Equal(
            new Ran(7, "8\n9\n", $"revision 8: {program}: it ended with exit code 3\n"),
            await tool.RunAsync($"events --limit 2 -o name --exec {program}"));
    }

    /// <summary>The hasty clock is past any bound below its own at once.</summary>
    [Fact]
    public async Task Program_ThatHangs_IsKilledAfterItsTime()
    {
        using var tool = new Tool(Stream(Frame(8, "agent.lost")));
        var program = Program("exec sleep 1000");

        Assert.Equal(
            new Ran(7, "8\n", $"revision 8: {program}: it did not end within 1 s and was killed\n"),
            await tool.RunAsync($"events --limit 1 -o name --exec-timeout 1 --exec {program}"));
        Assert.False(ChildReaper.Shared.HasChildren());
    }

    [Fact]
    public async Task Interrupted_TheProgramEndsWithAllItStarted()
    {
        var program = Program("""
            setsid sleep 1000 &
            echo up > "$0.out"
            wait
            """);
        using var interrupt = new CancellationTokenSource();
        var running = new EventProgram(program, TimeSpan.FromHours(1), TimeProvider.System).RunAsync(Event("a1"), interrupt.Token);
        await Eventually.True(() => File.Exists(program + ".out"), () => "the program's start");

        await interrupt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.False(ChildReaper.Shared.HasChildren());
    }

    [Theory]
    [InlineData("--exec no-such-program", "--exec: there is no program 'no-such-program'")]
    [InlineData("--exec \"./tell somebody\"", "--exec: there is no program './tell somebody'")]
    [InlineData("--exec-timeout 5", "--exec-timeout is of no use without --exec")]
    [InlineData("--exec-timeout 0 --exec true", "--exec-timeout takes 1 to 86400 seconds, not '0'")]
    [InlineData("--kind agent.lost,agent.staled --exec true", "--kind: 'agent.staled' is no kind of event; did you mean 'agent.stalled'?")]
    public async Task WrongUse_IsRefusedBeforeAnythingIsSent(string options, string words)
    {
        using var tool = new Tool(Stream(""));

        var ran = await tool.RunAsync("events " + options);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains(words, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
    }

    private string Program(string script)
    {
        var path = _scratch.File("program");
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    private static JsonElement Event(string subject) => JsonDocument.Parse(JsonSerializer.Serialize(new
    {
        revision = 8,
        at = "2026-01-02T03:04:05Z",
        actor = "mesh",
        kind = "agent.lost",
        subject,
    })).RootElement;

    private static string Frame(long revision, string kind, string more = "") =>
        $"event: {kind}\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"mesh\","
        + $"\"kind\":\"{kind}\",\"subject\":\"a1\"{more}}}\n\n";
}
