using System.Diagnostics;
using System.Globalization;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Process;

[Collection(ProcessCollection.Name)]
public sealed class ProcessTreeTests : IDisposable
{
    private static readonly TimeSpan s_longGrace = TimeSpan.FromMinutes(5);
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Stop_Term_IsEnoughForAnHonestProcess()
    {
        var ready = _scratch.File("ready");
        await using var sh = new Sh($"trap 'exit 9' TERM; echo > {ready}; while :; do sleep 0.05; done");
        await Eventually.Line(ready);
        Assert.Equal(0, await sh.Tree.StopAsync(s_longGrace).WaitAsync(Eventually.Bound));
        Assert.Equal(ExitStatus.Exited(9), await sh.Exit);
    }

    [Fact]
    public async Task Stop_ProcessThatIgnoresTerm_IsKilledAfterTheGrace()
    {
        var ready = _scratch.File("ready");
        await using var sh = new Sh($"trap '' TERM; echo > {ready}; while :; do sleep 1000; done");
        await Eventually.Line(ready);
        var began = Stopwatch.GetTimestamp();
        var killed = await sh.Tree.StopAsync(TimeSpan.FromMilliseconds(300)).WaitAsync(Eventually.Bound);
        Assert.True(killed >= 1);
        Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(300));
        Assert.Equal("KILL", (await sh.Exit).SignalName);
    }

    [Fact]
    public async Task Stop_Hurry_CutsTheGraceShort()
    {
        var ready = _scratch.File("ready");
        await using var sh = new Sh($"trap '' TERM; echo > {ready}; while :; do sleep 1000; done");
        await Eventually.Line(ready);
        using var hurry = new CancellationTokenSource();
        var stopping = sh.Tree.StopAsync(s_longGrace, hurry.Token);
        Assert.False(stopping.IsCompleted);
        await hurry.CancelAsync();
        await stopping.WaitAsync(Eventually.Bound);
        Assert.Equal("KILL", (await sh.Exit).SignalName);
    }

    [Theory]
    [InlineData("sleep 1000 & echo $! > {0}; wait")]
    [InlineData("sh -c 'trap \"\" TERM; sleep 1000 & echo $! > {0}; wait' & wait")]
    [InlineData("(sh -c 'sleep 1000 & echo $! > {0}' &) ; sleep 1000")]
    [InlineData("(setsid sleep 1000 & echo $! > {0}); sleep 1000")]
    [InlineData("setsid sh -c 'trap \"\" TERM HUP INT; (setsid sleep 1000 & echo $! > {0}); sleep 1000' & wait")]
    [InlineData("sleep 1000 < /dev/null > /dev/null 2>&1 & echo $! > {0}; exit 3")]
    public async Task Stop_GrandchildrenWhereverTheyWent_NothingIsLeft(string script)
    {
        var file = _scratch.File("pid");
        await using var sh = new Sh(string.Format(CultureInfo.InvariantCulture, script, file));
        var grandchild = int.Parse(await Eventually.Line(file), CultureInfo.InvariantCulture);
        await sh.Tree.StopAsync(TimeSpan.FromMilliseconds(200)).WaitAsync(Eventually.Bound);
        Assert.True(sh.Tree.IsEmpty());
        Assert.Null(ProcFs.Read(grandchild));
        Assert.True(sh.Child.HasExited);
    }

    [Fact]
    public async Task Kill_ProcessThatForksAllTheTime_NothingIsLeft()
    {
        var ready = _scratch.File("ready");
        await using var sh = new Sh($"trap '' TERM; echo > {ready}; while :; do (setsid sleep 1000 &); sleep 0.005; done");
        await Eventually.Line(ready);
        await Eventually.True(() => sh.Tree.Members().Count > 5, () => "some forks");
        await sh.Tree.KillAsync().WaitAsync(Eventually.Bound);
        Assert.True(sh.Tree.IsEmpty());
    }

    [Fact]
    public async Task Stop_PausedProcess_TakesTermAndEndsByItself()
    {
        var ready = _scratch.File("ready");
        await using var sh = new Sh($"trap 'exit 4' TERM; echo > {ready}; while :; do sleep 0.05; done");
        await Eventually.Line(ready);
        Assert.Equal(0, await sh.Tree.PauseAsync().WaitAsync(Eventually.Bound));
        Assert.Equal(0, await sh.Tree.StopAsync(s_longGrace).WaitAsync(Eventually.Bound));
        Assert.Equal(ExitStatus.Exited(4), await sh.Exit);
    }

    [Fact]
    public async Task Pause_WholeTree_IsSeenStoppedAndThenRunning()
    {
        var ready = _scratch.File("ready");
        await using var sh = new Sh($"(setsid sh -c 'while :; do sleep 0.02; done' &); echo > {ready}; while :; do sleep 0.02; done");
        await Eventually.Line(ready);
        await Eventually.True(() => sh.Tree.Members().Count >= 3, () => "the grandchild");

        Assert.Equal(0, await sh.Tree.PauseAsync().WaitAsync(Eventually.Bound));
        Assert.Equal(Signals.Stop, sh.Child.StoppedBy);
        Assert.All(sh.Tree.Members(), member => Assert.True(member.IsStopped, $"{member}"));

        Assert.Equal(0, await sh.Tree.ResumeAsync().WaitAsync(Eventually.Bound));
        await Eventually.True(() => sh.Child.StoppedBy == 0, () => "CONT reported");
        Assert.DoesNotContain(sh.Tree.Members(), member => member.IsStopped);
    }

    [Theory]
    [InlineData("while :; do /bin/true; done")]
    [InlineData("python3 -c 'import subprocess\nwhile True: subprocess.run([\"/bin/true\"])'")]
    public async Task Pause_ProcessThatStartsOthersAllTheTime_IsStoppedEachTime(string script)
    {
        // A child stopped between vfork and exec used to hold its parent inside the kernel, never to be seen stopped.
        await using var sh = new Sh(script);
        await Eventually.True(() => sh.Tree.Members().Count >= 2, () => "its first child");
        for (var round = 0; round < 50; round++)
        {
            Assert.Equal(0, await sh.Tree.PauseAsync().WaitAsync(Eventually.Bound));
            Assert.Equal(0, await sh.Tree.ResumeAsync().WaitAsync(Eventually.Bound));
        }
    }

    [Fact]
    public async Task Pause_Helper_IsLeftRunning()
    {
        await using var sh = new Sh("sleep 1000");
        var helper = ChildReaper.Shared.Start(new SpawnRequest { File = "sleep", Arguments = ["1000"] });
        using (sh.Tree.Exempt(helper))
        {
            Assert.Equal(0, await sh.Tree.PauseAsync().WaitAsync(Eventually.Bound));
            Assert.Equal(0, helper.StoppedBy);
            Assert.False(ProcFs.Read(helper.Pid)!.Value.IsStopped);
        }
    }
}
