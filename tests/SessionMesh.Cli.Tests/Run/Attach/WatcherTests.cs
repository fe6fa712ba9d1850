using System.Globalization;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Tests.Run.Attach;

/// <summary>A process that somebody else started, under the real server.</summary>
[Collection(ProcessCollection.Name)]
public sealed class WatcherTests(HostedServer server) : IDisposable
{
    /// <summary>Ignores TERM, as does its child, and as does what that started in a session of its own.</summary>
    private const string Stubborn = """
        trap '' TERM
        sh -c 'trap "" TERM
            setsid sh -c "trap \"\" TERM; echo \$\$ >> PIDS; exec sleep 1000" &
            echo $$ >> PIDS; while :; do sleep 1; done' &
        echo $$ >> PIDS
        while :; do sleep 1; done
        """;

    private readonly Scratch _scratch = new();
    private readonly HostedMesh _mesh = new(server);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Attach_ProcessEndsByItself_IsReportedAtOnce()
    {
        await using var sh = new Sh("exec sleep 1000");
        using var attach = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        Assert.Equal((_mesh.AgentId, 1), await attach.Joined.Task.WaitAsync(Eventually.Bound));
        Assert.Equal("alive", (string)(await RowAsync())["status"]!);
        Native.Kill(sh.Child.Pid, Signals.Int);
        await attach.Ends;
        Assert.Equal("""{"incarnation":1,"epoch":1}""", _mesh.Exit!.ToJsonString());
        Assert.Equal(
            """{"confirmed":true,"exit_code":null,"signal":null,"reason":null}""", await ExitAsync());
        Assert.Empty(Directory.EnumerateFiles(_scratch.File("home/.local/state/session-mesh/attached")));
    }

    [Fact]
    public async Task Attach_Stopped_NothingOfItIsLeft_ThoughItIgnoresTermAndLeftItsSession()
    {
        var pids = _scratch.File("pids");
        await using var sh = new Sh(Stubborn.Replace("PIDS", pids, StringComparison.Ordinal));
        using var attach = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        var all = (await Eventually.Lines(pids, 3)).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture)).ToList();
        await _mesh.StopAsync(grace: 1, reason: "enough");
        await attach.Ends;
        Assert.All(all, pid => Assert.True(ProcFs.IsGone(pid)));
        Assert.Equal("""{"confirmed":true,"exit_code":null,"signal":null,"reason":"enough"}""", await ExitAsync());
        Assert.Equal(["accepted", "acknowledged"], _mesh.Acks(1));
    }

    /// <summary>Who was seen once is held, whoever its parent is now.</summary>
    [Fact]
    public async Task Attach_ChildThatWasNoted_IsFoundWhenItsParentHasGone()
    {
        var (pids, go) = (_scratch.File("pids"), _scratch.File("go"));
        await using var sh = new Sh(
            $"sh -c 'setsid sleep 1000 & echo $! >> {pids}; while [ ! -e {go} ]; do sleep 0.1; done' & wait $!; echo gone >> {pids}; "
            + "while :; do sleep 1; done");
        using var held = HeldProcess.Open(sh.Child.Pid)!;
        using var tree = new HeldTree(held, TimeProvider.System);
        var orphan = int.Parse((await Eventually.Lines(pids))[0], CultureInfo.InvariantCulture);
        await Eventually.True(() => tree.Look().Exists(one => one.Pid == orphan), () => "the child is noted");
        await File.WriteAllTextAsync(go, "");
        await Eventually.Lines(pids, 2);
        Assert.NotEqual(sh.Child.Pid, ProcFs.Read(orphan)!.Value.ParentPid);
        Assert.Contains(tree.Look(), one => one.Pid == orphan);
        await tree.StopAsync(TimeSpan.Zero, CancellationToken.None);
        Assert.True(ProcFs.IsGone(orphan));
        Assert.Empty(tree.Look());
    }

    [Fact]
    public async Task Attach_ProcessThatLeavesOthersBehind_NamesThem_AndLeavesThemAlone()
    {
        var pids = _scratch.File("pids");
        await using var sh = new Sh($"sleep 1000 & echo $! >> {pids}; exec sleep 1000");
        using var attach = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        var left = (await Eventually.Lines(pids))[0];
        await attach.Joined.Task.WaitAsync(Eventually.Bound);
        await Eventually.True(() => attach.Known == 2, () => $"the watcher knows of two processes, not {attach.Known}");
        Native.Kill(sh.Child.Pid, Signals.Kill);
        await attach.Ends;
        Assert.Equal(
            $$"""{"confirmed":true,"exit_code":null,"signal":null,"reason":"ended by itself; of what came of it 1 still run: {{left}}"}""",
            await ExitAsync());
        Assert.False(ProcFs.IsGone(int.Parse(left, CultureInfo.InvariantCulture)));
    }

    /// <summary>One that has become another account's is not waited for, and is named.</summary>
    [Fact]
    public async Task MemberThatMayNotBeSignalled_IsLeft_AndAllElseIsStopped()
    {
        var pids = _scratch.File("pids");
        await using var sh = new Sh($"sleep 1000 & echo $! >> {pids}; sleep 1000 & echo $! >> {pids}; wait");
        var below = (await Eventually.Lines(pids, 2)).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture)).ToList();
        using var held = HeldProcess.Open(sh.Child.Pid)!;
        using var tree = new HeldTree(held, TimeProvider.System, (one, signal) => one.Pid != below[0] && one.Signal(signal));
        await Eventually.True(() => tree.Look().Count == 3, () => "three processes");
        Assert.Equal(below[0], Assert.Single(await tree.StopAsync(TimeSpan.FromSeconds(1), CancellationToken.None)).Pid);
        Assert.All([sh.Child.Pid, below[1]], pid => Assert.True(ProcFs.IsGone(pid)));
        Assert.False(ProcFs.IsGone(below[0]));
    }

    /// <summary>Each that is held takes a descriptor, of which there may be few.</summary>
    [Theory]
    [InlineData("exit", 30)]
    [InlineData("", 0)]
    public async Task ProcessWithMoreBelowItThanCanBeHeld_IsStoppedWhole(string atTerm, int grace)
    {
        var pids = _scratch.File("pids");
        await using var sh = new Sh(
            "for i in 1 2 3 4 5 6 7 8 9; do "
            + $"sh -c 'trap \"{atTerm}\" TERM; echo $$ >> {pids}; while :; do sleep 1; done' & done; wait; wait");
        var all = (await Eventually.Lines(pids, 9)).Select(pid => int.Parse(pid, CultureInfo.InvariantCulture)).ToList();
        using var held = HeldProcess.Open(sh.Child.Pid)!;
        using var tree = new HeldTree(held, TimeProvider.System) { Room = 2 };
        Assert.Equal(3, tree.Look().Count);
        Assert.Equal(0, await tree.PauseAsync());
        Assert.All(all, pid => Assert.True(ProcFs.Read(pid)!.Value.IsStopped));
        Assert.Empty(await tree.StopAsync(TimeSpan.FromSeconds(grace), CancellationToken.None).WaitAsync(Eventually.Bound));
        Assert.All([sh.Child.Pid, .. all], pid => Assert.True(ProcFs.IsGone(pid)));
    }

    [Fact]
    public async Task PauseAndResume_StopAndContinueAllOfIt()
    {
        var pids = _scratch.File("pids");
        await using var sh = new Sh($"sleep 1000 & echo $! >> {pids}; wait");
        using var attach = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        var child = int.Parse((await Eventually.Lines(pids))[0], CultureInfo.InvariantCulture);
        var pause = await _mesh.SendAsync("pause");
        await Eventually.True(() => _mesh.AckOf(pause) == "acknowledged", () => $"{_mesh.AckOf(pause)}");
        Assert.All([sh.Child.Pid, child], pid => Assert.True(ProcFs.Read(pid)!.Value.IsStopped));
        await Eventually.True(async () => (bool)(await RowAsync())["paused"]!, () => "it is paused");
        var resume = await _mesh.SendAsync("resume");
        await Eventually.True(() => _mesh.AckOf(resume) == "acknowledged", () => $"{_mesh.AckOf(resume)}");
        Assert.All([sh.Child.Pid, child], pid => Assert.False(ProcFs.Read(pid)!.Value.IsStopped));
    }

    [Theory]
    [InlineData("file", "accepted: in the steer file; whether the process has taken it, only the process can say")]
    [InlineData("command", "acknowledged")]
    [InlineData("none", "rejected: no steer handler")]
    public async Task Steer_GoesToTheHandler(string handler, string ack)
    {
        await using var sh = new Sh("exec sleep 1000");
        var file = _scratch.File("steer");
        using var attach = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid, new AttachOptions
        {
            Agent = new RegisterAgentRequest { AgentId = _mesh.AgentId },
            SteerFile = handler == "file" ? file : null,
            OnSteer = handler == "command" ? $"echo $SESSION_MESH_PID $SESSION_MESH_DIRECTION > {file}" : null,
        });
        var steer = await _mesh.SendAsync("steer", "west");
        await Eventually.True(() => _mesh.AckOf(steer) == ack, () => $"{_mesh.AckOf(steer)}");
        if (handler == "command")
        {
            Assert.Equal($"{sh.Child.Pid} west", await Eventually.Line(file));
        }
    }

    /// <summary>The next watcher goes on where one left off, whatever id it is given; to the mesh it is the same life.</summary>
    [Fact]
    public async Task WatcherThatWasAskedToEnd_LeavesTheProcess_AndTheNextGoesOnWithTheAgent()
    {
        await using var sh = new Sh("exec sleep 1000");
        using (var first = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid))
        {
            await first.Joined.Task.WaitAsync(Eventually.Bound);
            await first.LeaveAsync();
        }

        Assert.False(sh.Child.HasExited);
        Assert.Null(_mesh.Exit);

        // Under another id it would be two agents, and a kill of the first would reach nobody.
        using var other = new Attaching(
            _mesh, _scratch.File("home"), sh.Child.Pid, new AttachOptions { Agent = new RegisterAgentRequest { AgentId = "another" } });
        var conflict = await Assert.ThrowsAsync<Hosting.CommandException>(() => other.Ends);
        Assert.Equal($"process {sh.Child.Pid} is agent {_mesh.AgentId} already, and its watcher is gone", conflict.Message);
        using var second = new Attaching(
            _mesh, _scratch.File("home"), sh.Child.Pid, new AttachOptions { Agent = new RegisterAgentRequest() });
        Assert.Equal((_mesh.AgentId, 1), await second.Joined.Task.WaitAsync(Eventually.Bound));
        await _mesh.StopAsync(grace: 5);
        await second.Ends;
        Assert.True(sh.Child.HasExited);
    }

    [Fact]
    public async Task AgentKilledWhileNobodyWatched_IsEnded_OnceSomebodyDoes()
    {
        await using var sh = new Sh("exec sleep 1000");
        using (var first = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid))
        {
            await first.Joined.Task.WaitAsync(Eventually.Bound);
            await first.LeaveAsync();
        }

        // What is kept of a process that is gone is removed by the next one; what is no record of ours stays.
        var records = _scratch.File("home/.local/state/session-mesh/attached");
        var kept = Directory.EnumerateFiles(records).Single();
        var gone = Path.Combine(records, "2147483647.1." + kept.Split('.')[^1]);
        await File.WriteAllTextAsync(gone, "");
        await File.WriteAllTextAsync(Path.Combine(records, "notes"), "");
        await _mesh.StopAsync(); // by force
        using var second = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        await second.Ends;
        Assert.True(sh.Child.HasExited);
        Assert.Equal("""{"confirmed":true,"exit_code":null,"signal":null,"reason":"killed by force"}""", await ExitAsync());
        Assert.False(second.Joined.Task.IsCompleted);
        Assert.Equal([Path.Combine(records, "notes")], Directory.EnumerateFiles(records));
    }

    /// <summary>An id and an incarnation are no proof of who a process is: a mesh that was made anew gives both to others.</summary>
    [Fact]
    public async Task AgentOfTheSameIdAndIncarnation_IsNotTakenForTheOneOfBefore()
    {
        await using var sh = new Sh("exec sleep 1000");
        using (var first = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid))
        {
            await first.Joined.Task.WaitAsync(Eventually.Bound);
            await first.LeaveAsync();
        }

        var record = Directory.EnumerateFiles(_scratch.File("home/.local/state/session-mesh/attached")).Single();
        var lines = await File.ReadAllLinesAsync(record);
        lines[4] = "2001-02-03T04:05:06.0000000+00:00"; // the mesh got to know that agent at another time
        await File.WriteAllLinesAsync(record, lines);
        using (var second = new Attaching(
            _mesh, _scratch.File("home"), sh.Child.Pid, new AttachOptions { Agent = new RegisterAgentRequest() }))
        {
            Assert.NotEqual(_mesh.AgentId, (await second.Joined.Task.WaitAsync(Eventually.Bound)).AgentId);
            await second.LeaveAsync();
        }

        await _mesh.StopAsync(); // by force: the other one
        lines[1] = _mesh.AgentId;
        await File.WriteAllLinesAsync(record, lines);
        using var third = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        Assert.Equal("tombstoned", (await Assert.ThrowsAsync<Client.MeshException>(() => third.Ends)).Code);
        Assert.False(sh.Child.HasExited);
        Assert.Null(_mesh.Exit);
    }

    /// <summary>Nobody else could report it.</summary>
    [Fact]
    public async Task WatcherThatIsAskedToEndWhileItStops_StillReportsTheEnd()
    {
        await using var sh = new Sh("trap '' TERM; while :; do sleep 1; done");
        using var attach = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        await attach.Joined.Task.WaitAsync(Eventually.Bound);
        await _mesh.StopAsync(grace: 2, reason: "enough");
        await Eventually.True(() => _mesh.Acks(1).Contains("accepted"), () => "it stops");
        await attach.AskToEndAsync();
        await attach.Ends;
        Assert.Equal("""{"confirmed":true,"exit_code":null,"signal":null,"reason":"enough"}""", await ExitAsync());
    }

    /// <summary>Its entry in the process table looks over, and others of its threads run.</summary>
    [Fact]
    public async Task ProcessWhoseFirstThreadHasEnded_IsHeldAndStopped()
    {
        const string Python = "import ctypes, threading, time; threading.Thread(target=time.sleep, args=(1000,)).start(); "
            + "ctypes.CDLL(None).pthread_exit(None)";
        var pids = _scratch.File("pids");
        await using var sh = new Sh($"python3 -c '{Python}' & echo $! >> {pids}; wait");
        var child = int.Parse((await Eventually.Lines(pids))[0], CultureInfo.InvariantCulture);
        await Eventually.True(() => ProcFs.Read(child) is { IsOver: true }, () => "its first thread has ended");
        Assert.False(ProcFs.IsGone(child));
        using var held = HeldProcess.Open(sh.Child.Pid)!;
        using var tree = new HeldTree(held, TimeProvider.System);
        Assert.Contains(tree.Look(), one => one.Pid == child);
        Assert.Empty(await tree.StopAsync(TimeSpan.Zero, CancellationToken.None));
        Assert.True(ProcFs.IsGone(child));
    }

    [Fact]
    public async Task AgentThatAnotherTookOver_IsStopped()
    {
        await using var sh = new Sh("exec sleep 1000");
        using var attach = new Attaching(_mesh, _scratch.File("home"), sh.Child.Pid);
        await attach.Joined.Task.WaitAsync(Eventually.Bound);
        await Eventually.True(() => _mesh.HasStream, () => "it listens");
        await _mesh.EndStreamAsync("superseded");
        await attach.Ends;
        Assert.True(sh.Child.HasExited);
        Assert.Null(_mesh.Exit); // the other one lives
    }

    private async Task<System.Text.Json.Nodes.JsonNode> RowAsync() => (await server.CallAsync(HttpMethod.Get, "agents/" + _mesh.AgentId))!;

    private async Task<string> ExitAsync()
    {
        var exit = (await RowAsync())["last_exit"]!.AsObject();
        exit.Remove("at");
        return exit.ToJsonString();
    }
}
