using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>
/// Processes that do what a supervisor fears. After each, the process table has nothing of it left when the exit is reported.
/// </summary>
[Collection(ProcessCollection.Name)]
public sealed class NastyProcessTests(HostedServer server) : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly HostedMesh _mesh = new(server);
    private readonly Marked _marked = new();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("ignores TERM", "trap '' TERM HUP INT; echo > {0}; while :; do sleep 1000; done")]
    [InlineData("forks twice", "(sh -c 'trap \"\" TERM; sleep 1000 & wait' &); echo > {0}; sleep 1000")]
    [InlineData("leaves its session", "(setsid sleep 1000 &); echo > {0}; sleep 1000")]
    [InlineData(
        "leaves its session, its parent and its ears",
        "(setsid sh -c 'trap \"\" TERM; (setsid sleep 1000 &); while :; do sleep 1000; done' &); echo > {0}; sleep 1000")]
    [InlineData("closes its descriptors", "exec 0<&- 1>&- 2>&-; echo > {0}; exec sleep 1000")]
    [InlineData(
        "floods a pipe that nobody reads",
        "mkfifo {0}.pipe; sleep 1000 < {0}.pipe & exec 3> {0}.pipe; echo > {0}; while :; do echo flood >&3; done")]
    [InlineData(
        "ends at TERM, slowly, starting more",
        "trap 'setsid sleep 1000 & sleep 0.05; exit 0' TERM; echo > {0}; while :; do sleep 0.02; done")]
    [InlineData("forks all the time", "trap '' TERM; echo > {0}; while :; do (setsid sleep 1000 &); sleep 0.005; done")]
    [InlineData(
        "answers each TERM with a fork",
        "trap 'setsid sh -c \"trap : TERM; while :; do sleep 0.02; done\" &' TERM; echo > {0}; while :; do sleep 0.02; done")]
    public async Task Stop_LeavesNothing(string what, string script)
    {
        var ready = _scratch.File("ready");
        var run = Start(string.Format(script, ready));
        await Eventually.Line(ready);
        Assert.NotEmpty(_marked.Living());
        await _mesh.StopAsync(grace: 1);
        await run.Ends;
        AssertNothingIsLeft(what);
    }

    [Fact]
    public async Task Stop_StoppedFromOutside_EndsByItselfWithinTheGrace()
    {
        var ready = _scratch.File("ready");
        var run = Start($"trap 'exit 6' TERM; echo $$ > {ready}; while :; do sleep 0.02; done");
        var pid = int.Parse(await Eventually.Line(ready));
        _ = Native.Kill(pid, Signals.Stop);
        await Eventually.True(() => ProcFs.Read(pid)!.Value.IsStopped, () => "it stopped");
        await _mesh.StopAsync(grace: 300);
        Assert.Equal(6, await run.Ends);
        AssertNothingIsLeft("stopped from outside");
    }

    [Fact]
    public async Task Force_StoppedFromOutside_IsKilled()
    {
        var ready = _scratch.File("ready");
        var run = Start($"echo $$ > {ready}; while :; do sleep 0.02; done");
        _ = Native.Kill(int.Parse(await Eventually.Line(ready)), Signals.Stop);
        await _mesh.StopAsync();
        Assert.Equal(137, await run.Ends);
        AssertNothingIsLeft("stopped from outside");
    }

    [Fact]
    public async Task Stop_ExitsDuringTheGraceAndLeavesAGrandchildThatIgnoresTerm_TheGraceIsForThatToo()
    {
        var ready = _scratch.File("ready");
        var run = Start(
            $"setsid sh -c 'trap \"\" TERM; echo > {ready}; while :; do sleep 0.02; done' & trap 'exit 5' TERM; while :; do sleep "
            + "0.02; done");
        await Eventually.Line(ready);
        await _mesh.StopAsync(grace: 1);
        Assert.Equal(5, await run.Ends);
        Assert.Equal(5, _mesh.Exit!["exit_code"]!.GetValue<int>());
        AssertNothingIsLeft("a grandchild that ignores TERM");
    }

    [Fact]
    public async Task Steer_ProcessThatClosedItsStdin_IsRejectedAndTheProcessGoesOn()
    {
        var ready = _scratch.File("ready");
        var run = Start($"exec 0<&-; echo > {ready}; exec sleep 1000", stdin: true);
        await Eventually.Line(ready);
        var seq = await _mesh.SendAsync("steer", "north");
        await Eventually.True(
            () => _mesh.AckOf(seq) == "rejected: the process closed its stdin", () => $"a refusal, not '{_mesh.AckOf(seq)}'");
        Assert.False(run.Code.IsCompleted);
        await _mesh.StopAsync();
        Assert.Equal(137, await run.Ends);
        AssertNothingIsLeft("closed stdin");
    }

    private Running Start(string script, bool stdin = false) =>
        new(_mesh, Running.Sh("") with { Command = _marked.Sh(script), SteerStdin = stdin });

    /// <summary>At once, not eventually: it was reported.</summary>
    private void AssertNothingIsLeft(string what)
    {
        Assert.NotNull(_mesh.Exit);
        Assert.True(_marked.Living() is [], $"{what}: {string.Join(", ", _marked.Living())}");
    }
}
