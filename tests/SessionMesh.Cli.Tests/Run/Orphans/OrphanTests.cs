using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run.Orphans;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Orphans;

[Collection(ProcessCollection.Name)]
public sealed class OrphanTests(HostedServer server) : IDisposable
{
    /// <summary>Stands for the agent, or the address, of the test.</summary>
    private const string Own = "own";

    /// <summary>Our own id with another start time: a runner that was, before its id came to us.</summary>
    private static readonly RunnerMark s_gone = RunnerMark.Ours!.Value with { StartTime = RunnerMark.Ours.Value.StartTime + 1 };

    private readonly Scratch _scratch = new();
    private readonly HostedMesh _mesh = new(server);
    private readonly Marked _marked = new();

    public void Dispose()
    {
        foreach (var process in _marked.Living())
        {
            ProcessHandle.Signal(process, Signals.Kill);
        }

        _scratch.Dispose();
    }

    [Fact]
    public async Task Run_OrphansLeft_RefusesNamingThemAndTheFlags()
    {
        await LeaveAsync("exec sleep 1234");
        var orphan = _marked.Living().Single();
        var run = Start(OrphanAnswer.Refuse);
        var e = await Assert.ThrowsAsync<CommandException>(() => run.Ends);
        Assert.Equal(ExitCodes.Conflict, e.ExitCode);
        Assert.Contains("--orphans kill", e.Next, StringComparison.Ordinal);
        Assert.Contains("--orphans leave", e.Next, StringComparison.Ordinal);
        Assert.Matches($@"process {orphan.Pid}, incarnation 1, since \d{{4}}-\d\d-\d\dT.*Z: sleep 1234", string.Join('\n', run.Lines));
        Assert.Empty(_mesh.Calls);
        Assert.Single(_marked.Living());
    }

    [Theory]
    [InlineData("exec sleep 1000")]
    [InlineData("trap '' TERM; while :; do sleep 1000; done")]
    [InlineData("setsid sleep 1000 & (setsid sleep 1000 &); exec sleep 1000")]
    [InlineData("trap '' TERM; while :; do (setsid sleep 1000 &); sleep 0.01; done")]
    [InlineData("kill -STOP $$")]
    public async Task Kill_EndsThemAndReportsIt_WhichFreesTheAgent(string script)
    {
        await _mesh.RegisterAsync();
        await LeaveAsync(script);
        var run = Start(OrphanAnswer.Kill);
        Assert.Equal(0, await run.Ends);
        Assert.Empty(_marked.Living());
        Assert.Equal(
            [($"/agents/{_mesh.AgentId}/exit", "1"), ("/agents", null), ($"/agents/{_mesh.AgentId}/exit", "2")],
            _mesh.Calls.Where(
                call => call.Path.EndsWith("/exit", StringComparison.Ordinal) || call.Path.EndsWith("/agents", StringComparison.Ordinal))
                .Select(call => (call.Path, call.Body?["incarnation"]?.ToString())));
        Assert.Equal("orphan ended by the next runner", _mesh.Bodies("/exit")[0]["reason"]!.ToString());
    }

    [Theory]
    [InlineData("env -i {0} sleep 1000 & wait")]
    [InlineData("env -i {0} sh -c 'trap \"\" TERM; echo > {1}; while :; do sleep 1000; done' & exec sleep 1000")]
    public async Task Kill_DescendantWithoutTheEnvironment_IsFoundByItsDescentEvenWhenItsParentEndsFirst(string script)
    {
        var ready = _scratch.File("ready");
        await _mesh.RegisterAsync();
        await LeaveAsync(string.Format(script, $"{Marked.Variable}={_marked.Value} PATH=/usr/bin:/bin", ready), processes: 2);
        if (script.Contains("{1}", StringComparison.Ordinal))
        {
            await Eventually.Line(ready);
        }

        Assert.Equal(0, await Start(OrphanAnswer.Kill).Ends);
        Assert.Empty(_marked.Living());
    }

    [Fact]
    public async Task Leave_TakesTheAgentOverFromItsDeadRunnerAndTouchesNothing()
    {
        await _mesh.RegisterAsync();
        await LeaveAsync("exec sleep 1000");
        Assert.Equal(0, await Start(OrphanAnswer.Leave).Ends);
        Assert.True(_mesh.Bodies("/agents").Single()["takeover"]!.GetValue<bool>());
        Assert.Single(_marked.Living());
    }

    [Fact]
    public async Task Leave_AgentThatLivesElsewhereByNow_IsNotTakenOver()
    {
        await _mesh.LiveAsync();
        await _mesh.LiveAsync();
        await LeaveAsync("exec sleep 1000");
        Assert.Equal(0, await Start(OrphanAnswer.Leave).Ends);
        Assert.Null(_mesh.Bodies("/agents").Single()["takeover"]);
    }

    public static TheoryData<string, string, string?> Others => new()
    {
        { "another-agent", Own, s_gone.ToString() },
        { Own, "http://other.test:7420", s_gone.ToString() },
        { Own, Own, RunnerMark.Ours!.Value.ToString() },
        { Own, Own, (s_gone with { Namespace = "1" }).ToString() },
        { Own, Own, "nonsense" },
        { Own, Own, null },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public async Task ProcessNotProvenToBeAnOrphanOfThisAgent_IsNeitherReportedNorTouched(string agent, string url, string? runner)
    {
        await LeaveAsync("exec sleep 1000", agent, url, runner);
        var run = Start(OrphanAnswer.Kill);
        Assert.Equal(0, await run.Ends);
        Assert.DoesNotContain(run.Lines, line => line.Contains("still runs", StringComparison.Ordinal));
        Assert.Single(_marked.Living());
        Assert.Single(_mesh.Bodies("/exit"));
    }

    [Fact]
    public async Task Kill_AnotherAgentBelowAnOrphan_IsLeftToItsOwnRunner()
    {
        await _mesh.RegisterAsync();
        await LeaveAsync("SESSION_MESH_AGENT_ID=below sleep 1000 & exec sleep 1000", processes: 2);
        await Eventually.True(
            () => _marked.Living().Count(process => ProcFs.CommandLine(process.Pid) == "sleep 1000") == 2,
            () => "both have begun their program");
        Assert.Equal(0, await Start(OrphanAnswer.Kill).Ends);
        Assert.Single(_marked.Living());
    }

    /// <summary>A process as a killed runner leaves it: nobody's child but init's.</summary>
    private async Task LeaveAsync(string script, string agent = Own, string url = Own, string? runner = "", int processes = 1)
    {
        var command = _marked.Sh(script);
        ChildReaper.Shared.Start(new SpawnRequest
        {
            File = "/bin/sh",
            Arguments = ["-c", "setsid \"$@\" < /dev/null > /dev/null 2>&1 &", "sh", .. command],
            Environment = new Dictionary<string, string?>
            {
                ["SESSION_MESH_AGENT_ID"] = agent == Own ? _mesh.AgentId : agent,
                ["SESSION_MESH_URL"] = url == Own ? _mesh.Url.OriginalString : url,
                ["SESSION_MESH_INCARNATION"] = "1",
                [RunnerMark.Variable] = runner is "" ? s_gone.ToString() : runner,
            },
        });
        await Eventually.True(
            () => _marked.Living() is var living && living.Count >= processes && living.TrueForAll(HasBegun),
            () => "the processes that were left");

        // Until then a process is still the setsid that starts it.
        static bool HasBegun(ProcEntry process) =>
            ProcFs.CommandLine(process.Pid)?.StartsWith("setsid", StringComparison.Ordinal) == false;
    }

    private Running Start(OrphanAnswer answer) => new(_mesh, Running.Sh("exit 0") with { Orphans = answer });
}
