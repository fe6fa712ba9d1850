using System.Text.Json.Nodes;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Tests.Run;

[Collection(ProcessCollection.Name)]
public sealed class RunnerTests(HostedServer server) : IDisposable
{
    private const string OnlyTheProcess = "whether the process has taken it, only the process can say";
    private const string InTheFile = "accepted: in the steer file; " + OnlyTheProcess;

    private readonly Scratch _scratch = new();
    private readonly HostedMesh _mesh = new(server);

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("exit 0", 0, "exit_code", "0")]
    [InlineData("exit 42", 42, "exit_code", "42")]
    [InlineData("kill -SEGV $$", 139, "signal", "SEGV")]
    public async Task Run_ProcessEndsByItself_PassesItsEndOnAndReportsIt(string script, int code, string member, string value)
    {
        var run = new Running(_mesh, Running.Sh(script));
        Assert.Equal(code, await run.Ends);
        Assert.Equal(value, _mesh.Exit![member]!.ToString());
        Assert.Equal(1, _mesh.Exit["incarnation"]!.GetValue<int>());
    }

    [Fact]
    public async Task Run_Child_GetsItsIdentityAndAKeyOfItsOwn()
    {
        var output = _scratch.File("env");
        var run = new Running(
            _mesh, Running.Sh($"env | grep -E '^SESSION_' | grep -v '^SESSION_MESH_RUNNER=' | sort > {output}; echo >> {output}"));
        Assert.Equal(0, await run.Ends);
        Assert.Equal(

            [
                $"SESSION_API_KEY={_mesh.ChildsKey}",
                $"SESSION_MESH_AGENT_ID={_mesh.AgentId}",
                "SESSION_MESH_INCARNATION=1",
                $"SESSION_MESH_URL={_mesh.Url.OriginalString}",
            ],
            (await Eventually.Line(output)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(_mesh.AgentId, _mesh.Bodies("/keys").Single()["agent_id"]!.ToString());
    }

    [Fact]
    public void ChildEnvironment_WhateverLeadsToTheOperatorsKey_IsTakenAway()
    {
        string[] ours =
        [
            "PATH",
            "SESSION_API_KEY",
            "SESSION_MESH_KEY_FILE",
            "SESSION_MESH_ROOT_KEY",
            "SESSION_MESH_DATA",
            "SESSION_MESH_CLUSTER",
        ];
        var changes = ChildEnvironment.For(new Uri("http://h:1/"), "a1", 3, "smk_bound", ours);
        Assert.Equal(
            ["SESSION_MESH_DATA", "SESSION_MESH_KEY_FILE", "SESSION_MESH_ROOT_KEY"],
            changes.Where(change => change.Value is null).Select(change => change.Key).Order());
        Assert.Equal("smk_bound", changes["SESSION_API_KEY"]);
        Assert.Equal("http://h:1", changes["SESSION_MESH_URL"]);
    }

    [Fact]
    public async Task Run_CommandNotFound_ReportsThatItWasNotStarted()
    {
        var run = new Running(_mesh, Running.Sh("") with { Command = ["no-such-command-anywhere"] });
        var e = await Assert.ThrowsAsync<SpawnException>(() => run.Ends);
        Assert.Equal(127, e.ShellCode);
        Assert.Equal(127, _mesh.Exit!["exit_code"]!.GetValue<int>());
    }

    [Fact]
    public async Task Run_AlreadyAlive_StartsNothing()
    {
        await _mesh.RegisterAsync();
        var file = _scratch.File("ran");
        var run = new Running(_mesh, Running.Sh($"echo > {file}"));
        var e = await Assert.ThrowsAsync<MeshException>(() => run.Ends);
        Assert.Equal("already_alive", e.Code);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Steer_WithoutHandler_IsRejectedAndSaysWhy()
    {
        var run = new Running(_mesh, Running.Sh("sleep 1000"));
        await ToldAsync("rejected: no steer handler", await _mesh.SendAsync("steer", "north"));
        await StopAsync(run);
    }

    [Fact]
    public async Task Steer_OnSteer_GetsTheDirectiveAsDataAndItsExitCodeAnswers()
    {
        var output = _scratch.File("got");
        var run = new Running(_mesh, Running.Sh("sleep 1000") with
        {
            OnSteer = $"cat >> {output}; "
                + "echo \"$SESSION_MESH_SEQ $SESSION_MESH_DIRECTION|$SESSION_MESH_MESSAGE|$SESSION_MESH_DATA|$SESSION_MESH_AGENT_ID\""
                + $" >> {output}; test \"$SESSION_MESH_DIRECTION\" = north",
        });
        const string nasty = "$(touch pwned) `id`; \"'\\\n";
        await ToldAsync("acknowledged", await _mesh.SendAsync("steer", "north", nasty, new JsonObject { ["a"] = 1 }));
        await ToldAsync("rejected: the handler ended with exit code 1", await _mesh.SendAsync("steer", "south"));
        await StopAsync(run);

        var lines = File.ReadAllText(output);
        Assert.Equal(nasty, JsonNode.Parse(lines.Split('\n')[0])!["message"]!.ToString());
        Assert.Contains($"1 north|{nasty}|{{\"a\":1}}|{_mesh.AgentId}\n", lines);
        Assert.Contains($"2 south|||{_mesh.AgentId}\n", lines);
    }

    [Fact]
    public async Task Steer_HandlerThatHangs_IsEndedAndTheNextOneGoesOn()
    {
        var run = new Running(_mesh, Running.Sh("sleep 1000") with
        {
            OnSteer = "test \"$SESSION_MESH_DIRECTION\" = hang && sleep 1000; exit 0",
            SteerTimeout = TimeSpan.FromMilliseconds(500),
        });
        await ToldAsync("rejected: the handler did not end within 0.5 s", await _mesh.SendAsync("steer", "hang"));
        await ToldAsync("acknowledged", await _mesh.SendAsync("steer", "north"));
        await StopAsync(run);
    }

    [Fact]
    public async Task Steer_File_HoldsTheLatestAsAWhole()
    {
        var file = _scratch.File("steer.json");
        var run = new Running(_mesh, Running.Sh("sleep 1000") with { SteerFile = file });
        await ToldAsync(InTheFile, await _mesh.SendAsync("steer", "north"));
        await ToldAsync(InTheFile, await _mesh.SendAsync("steer", "south"));
        Assert.Equal("south", JsonNode.Parse(File.ReadAllText(file))!["direction"]!.ToString());
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        Assert.Single(Directory.GetFiles(_scratch.Directory));
        await StopAsync(run);
    }

    [Fact]
    public async Task Steer_JsonLinesFile_KeepsEach()
    {
        var file = _scratch.File("steer.jsonl");
        var run = new Running(_mesh, Running.Sh("sleep 1000") with { SteerFile = file });
        await ToldAsync(InTheFile, await _mesh.SendAsync("steer", "north"));
        await ToldAsync(InTheFile, await _mesh.SendAsync("steer", "south"));
        Assert.Equal(["north", "south"], File.ReadLines(file).Select(line => JsonNode.Parse(line)!["direction"]!.ToString()));
        await StopAsync(run);
    }

    [Fact]
    public async Task Steer_Stdin_ComesAsALine()
    {
        var output = _scratch.File("line");
        var run = new Running(_mesh, Running.Sh($"head -1 > {output}; exec < /dev/null; sleep 1000") with { SteerStdin = true });
        await ToldAsync("accepted: in the pipe of its stdin; " + OnlyTheProcess, await _mesh.SendAsync("steer", "north"));
        Assert.Equal("north", JsonNode.Parse(await Eventually.Line(output))!["direction"]!.ToString());
        var second = await _mesh.SendAsync("steer", "south");
        await Eventually.True(() => _mesh.AckOf(second) is not null, () => "an answer");
        await StopAsync(run);
    }

    [Fact]
    public async Task PauseAndResume_AreAcknowledgedOnceObserved()
    {
        var pidFile = _scratch.File("pid");
        var run = new Running(_mesh, Running.Sh($"echo $$ > {pidFile}; while :; do sleep 0.02; done"));
        var pid = int.Parse(await Eventually.Line(pidFile));
        await ToldAsync("acknowledged", await _mesh.SendAsync("pause"));
        Assert.True(ProcFs.Read(pid)!.Value.IsStopped);
        await ToldAsync("acknowledged", await _mesh.SendAsync("resume"));
        Assert.False(ProcFs.Read(pid)!.Value.IsStopped);
        await StopAsync(run);
    }

    [Fact]
    public async Task Stop_Grace_ThenTheExitIsReported()
    {
        var ready = _scratch.File("ready");
        var run = new Running(_mesh, Running.Sh($"trap 'exit 5' TERM; echo > {ready}; while :; do sleep 0.02; done"));
        await Eventually.Line(ready);
        await _mesh.StopAsync(grace: 300, reason: "enough");
        Assert.Equal(5, await run.Ends);
        Assert.Equal(["accepted", "acknowledged"], _mesh.Acks(1).Distinct());
        Assert.Equal(5, _mesh.Exit!["exit_code"]!.GetValue<int>());
        Assert.Equal("enough", _mesh.Exit["reason"]!.ToString());
    }

    [Fact]
    public async Task Stop_IgnoresTermAndHasAGrandchild_NothingIsLeftWhenTheExitIsReported()
    {
        var file = _scratch.File("pid");
        var run = new Running(_mesh, Running.Sh($"trap '' TERM; (setsid sleep 1000 & echo $! > {file}); while :; do sleep 1000; done"));
        var grandchild = int.Parse(await Eventually.Line(file));
        await _mesh.StopAsync(grace: 1);
        Assert.Equal(137, await run.Ends);
        Assert.Equal("KILL", _mesh.Exit!["signal"]!.ToString());
        Assert.Null(ProcFs.Read(grandchild));
    }

    [Fact]
    public async Task Stop_ForceDuringALongGrace_HurriesTheEnd()
    {
        var ready = _scratch.File("ready");
        var run = new Running(_mesh, Running.Sh($"trap '' TERM; echo > {ready}; while :; do sleep 1000; done"));
        await Eventually.Line(ready);
        await _mesh.StopAsync(grace: 3000);
        await ToldAsync("accepted", 1);
        Assert.False(run.Code.IsCompleted);
        await _mesh.StopAsync();
        Assert.Equal(137, await run.Ends);
    }

    [Fact]
    public async Task Stop_OvertakesASlowHandler()
    {
        var ready = _scratch.File("ready");
        var run = new Running(_mesh, Running.Sh("sleep 1000") with { OnSteer = $"echo > {ready}; sleep 1000" });
        var steer = await _mesh.SendAsync("steer", "north");
        await Eventually.Line(ready);
        await _mesh.StopAsync(grace: 300);
        Assert.Equal(143, await run.Ends);
        Assert.Equal("rejected: the process was stopped before the handler ended", _mesh.AckOf(steer));
    }

    [Fact]
    public async Task LeftBehind_ProcessesAreEndedBeforeTheExitIsReported()
    {
        var file = _scratch.File("pid");
        var run = new Running(_mesh, Running.Sh($"(setsid sleep 1000 > /dev/null & echo $! > {file}); exit 6"));
        Assert.Equal(6, await run.Ends);
        Assert.Null(ProcFs.Read(int.Parse(await Eventually.Line(file))));
        Assert.Equal(6, _mesh.Exit!["exit_code"]!.GetValue<int>());
    }

    [Fact]
    public async Task Heartbeat_Tombstoned_KillsAtOnceAndReportsIt()
    {
        var ready = _scratch.File("ready");
        _mesh.IsDeaf = true;
        var run = new Running(_mesh, Running.Sh($"trap '' TERM; echo > {ready}; while :; do sleep 1000; done") with
        {
            Grace = TimeSpan.FromMinutes(5),
            TtlSeconds = Limits.MinAgentTtl,
        });
        await Eventually.Line(ready);
        await _mesh.StopAsync();
        Assert.Equal(137, await run.Ends);
        Assert.Equal("killed by force", _mesh.Exit!["reason"]!.ToString());
    }

    [Theory]
    [InlineData("tombstoned", 137)]
    [InlineData("superseded", 143)]
    [InlineData("key_revoked", 137)]
    public async Task Stream_EndedByTheServer_EndsTheProcess(string code, int exitCode)
    {
        var run = new Running(_mesh, Running.Sh("exec sleep 1000") with
        {
            Grace = TimeSpan.FromMinutes(5),
            ReportTimeout = TimeSpan.FromSeconds(1),
        });
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        await _mesh.EndStreamAsync(code);
        Assert.Equal(exitCode, await run.Ends);
    }

    [Fact]
    public async Task ServerAway_ProcessRunsOnAndItsExitIsReportedAfterwards()
    {
        var go = _scratch.File("go");
        var run = new Running(
            _mesh, Running.Sh($"while [ ! -e {go} ]; do sleep 0.02; done; exit 8") with { TtlSeconds = Limits.MinAgentTtl });
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.IsAway = true;
        _mesh.CutStreams();
        await Eventually.True(
            () => run.Lines.Any(line => line.Contains("keeps running", StringComparison.Ordinal)), () => "the trouble noticed");
        Assert.False(run.Code.IsCompleted);
        await File.WriteAllTextAsync(go, "");
        _mesh.IsAway = false;
        Assert.Equal(8, await run.Ends);
        Assert.Equal(8, _mesh.Exit!["exit_code"]!.GetValue<int>());
    }

    [Fact]
    public async Task ServerAwayForGood_RunnerLeavesAfterItsBoundWithTheChildsCode()
    {
        var run = new Running(_mesh, Running.Sh("sleep 0.2; exit 8") with { ReportTimeout = TimeSpan.FromMilliseconds(200) });
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.IsAway = true;
        Assert.Equal(8, await run.Ends);
        Assert.Contains(run.Lines, line => line.Contains("was not told", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Directives_ComingByStreamAndByHeartbeat_AreCarriedOutOnceInOrder()
    {
        var output = _scratch.File("order");
        var run = new Running(
            _mesh,
            Running.Sh("sleep 1000") with { OnSteer = $"echo $SESSION_MESH_SEQ >> {output}", TtlSeconds = Limits.MinAgentTtl });
        for (var i = 0; i < 20; i++)
        {
            await _mesh.SendAsync("steer", "north");
            if (i % 5 == 4)
            {
                _mesh.CutStreams();
            }
        }

        await ToldAsync("acknowledged", 20);

        // The next beat's answer carries all of them again.
        var beats = _mesh.Bodies("/heartbeat").Count;
        await Eventually.True(() => _mesh.Bodies("/heartbeat").Count > beats + 1, () => "two more heartbeats");
        await StopAsync(run);
        Assert.Equal(Enumerable.Range(1, 20).Select(seq => $"{seq}"), File.ReadLines(output));
    }

    private Task ToldAsync(string answer, long seq) => Eventually.True(
        () => _mesh.AckOf(seq) == answer, () => $"directive {seq} answered with '{answer}', not '{_mesh.AckOf(seq)}'");

    private async Task StopAsync(Running run)
    {
        await _mesh.StopAsync();
        Assert.Equal(137, await run.Ends);
    }
}
