using System.Globalization;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Attach;

/// <summary>Which process is taken, and which is refused by name.</summary>
[Collection(ProcessCollection.Name)]
public sealed class AttachCommandTests(HostedServer server) : IDisposable
{
    private readonly SocketsHttpHandler _http = new();
    private readonly Tool _tool = new()
    {
        Clock = TimeProvider.System,
        Env = { ["SESSION_MESH_URL"] = server.Url.ToString(), ["SESSION_API_KEY"] = server.RootKey },
    };

    public void Dispose()
    {
        _tool.Dispose();
        _http.Dispose();
    }

    [Fact]
    public async Task Attach_SaysWhichAgentItIs_AndEndsWithTheProcess()
    {
        var id = server.NewAgentId();
        await using var sh = new Sh("exec sleep 1000");
        var attached = RunAsync($"attach --pid {sh.Child.Pid} --agent-id {id} --spec ocr --label team=blue -o csv --no-headers");
        await Eventually.True(
            async () => (string?)(await server.CallAsync(HttpMethod.Get, "agents/" + id))?["status"] == "alive", () => "it is alive");
        Assert.Equal(
            new Ran(
                5, "",
                $"error: cannot attach process {sh.Child.Pid}\n  why: another attach watches process {sh.Child.Pid} already\n"
                + "  try: session-mesh list shows the agents; kill that one, or leave this one to it\n"),
            await RunAsync($"attach --pid {sh.Child.Pid}"));
        Native.Kill(sh.Child.Pid, Signals.Term);
        Assert.Equal(
            new Ran(
                0,
                $"{id},1,{sh.Child.Pid},{Environment.ProcessId}\r\n",
                $"session-mesh: agent {id}, incarnation 1, process {sh.Child.Pid}\nsession-mesh: process {sh.Child.Pid} has ended\n"),
            await attached);
        var row = (await server.CallAsync(HttpMethod.Get, "agents/" + id))!;
        Assert.Equal("""["ocr"]""", row["specializations"]!.ToJsonString());
        Assert.Equal("""{"team":"blue"}""", row["labels"]!.ToJsonString());
    }

    [Fact]
    public async Task ProcessThatIsNone_Ours_AnAncestor_OrOver_IsRefusedByName()
    {
        await using var sh = new Sh("exec sleep 1000");
        var own = Environment.ProcessId;
        var above = ProcFs.Read(own)!.Value.ParentPid;
        Assert.Equal((2, $"process {own} is this very command"), await RefusedAsync(own));
        var ancestor = await RefusedAsync(above);
        Assert.Equal(2, ancestor.Code);
        Assert.Matches($@"^process {above} \(.+\) is one that this command runs in: a stop would end both$", ancestor.Why);
        Assert.Equal((3, "there is no process 2147483647"), await RefusedAsync(int.MaxValue));
        Assert.Equal(2, (await RunAsync("attach")).Code);
        Assert.Equal(2, (await RunAsync($"attach --pid {sh.Child.Pid} --on-steer x --steer-file y")).Code);
        Assert.Equal(2, (await RunAsync($"attach --pid {sh.Child.Pid} --steer-file /nowhere/at/all")).Code);
        Assert.False(sh.Child.HasExited);
    }

    /// <summary>Where this runs as root, the other is made; elsewhere root itself is another.</summary>
    [Fact]
    public async Task ProcessOfAnotherAccount_IsRefusedByName()
    {
        if (ProcFs.UserOf(Environment.ProcessId) is not 0)
        {
            Assert.Equal(4, (await RefusedAsync(1)).Code);
            return;
        }

        await using var sh = new Sh("exec setpriv --reuid 65534 --clear-groups sleep 1000");
        await Eventually.True(() => ProcFs.UserOf(sh.Child.Pid) is 65534, () => "it is another's");
        Assert.Equal(
            (4, $"process {sh.Child.Pid} (sleep 1000) belongs to another account, user 65534"), await RefusedAsync(sh.Child.Pid));
    }

    [Fact]
    public async Task ProcessUnderRun_IsRefusedByName()
    {
        await using var sh = new Sh(
            "exec sleep 1000",
            new Dictionary<string, string?>
            {
                ["SESSION_MESH_AGENT_ID"] = "theirs", ["SESSION_MESH_RUNNER"] = Cli.Run.Orphans.RunnerMark.Ours.ToString(),
            });
        await Eventually.True(() => ProcFs.CommandLine(sh.Child.Pid) == "sleep 1000", () => "it sleeps");
        Assert.Equal(
            (5, $"process {sh.Child.Pid} (sleep 1000) is under 'session-mesh run' already, as agent theirs or below it"),
            await RefusedAsync(sh.Child.Pid));
    }

    /// <summary>What a hook starts runs below the process that it is to watch.</summary>
    [Fact]
    public void ProcessThatHasStartedUs_IsTakenForAHook_ThoughNotOurselves()
    {
        using (var above = AttachTarget.Open(ProcFs.Read(Environment.ProcessId)!.Value.ParentPid, startedUs: true))
        {
            Assert.False(above.HasExited);
        }

        Assert.Throws<Hosting.CommandException>(() => AttachTarget.Open(Environment.ProcessId, startedUs: true));
    }

    [Fact]
    public async Task Hooked_WaitsForTheWatcherOfTheIncarnationBefore_AndGoesAwayQuietlyWhereItStays()
    {
        var id = server.NewAgentId();
        await server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}"}""");
        await using var sh = new Sh("exec sleep 1000");
        var first = RunAsync($"attach --pid {sh.Child.Pid} --agent-id {id} --hooked --incarnation 1 -q -o name");
        await Eventually.True(
            async () => (bool)(await server.CallAsync(HttpMethod.Get, "agents/" + id))!["connected"]!, () => "it listens");
        using (var hasty = new Tool())
        {
            hasty.Env["SESSION_MESH_URL"] = server.Url.ToString();
            hasty.Env["XDG_STATE_HOME"] = Path.Combine(_tool.Home, ".local", "state");
            var ran = await hasty.RunAsync($"attach --pid {sh.Child.Pid} --agent-id {id} --hooked --incarnation 1 -q -o name", _http);
            Assert.Equal((new Ran(0, "", ""), 5000), (ran, hasty.Time.Waits.Sum(wait => (long)wait.TotalMilliseconds)));
        }

        // Neither is the process somebody else's as a whole.
        Assert.Equal(5, (await RunAsync($"attach --pid {sh.Child.Pid}")).Code);
        await server.CallAsync(HttpMethod.Post, $"agents/{id}/exit", """{"incarnation":1}""");
        await server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}"}""");
        var second = RunAsync($"attach --pid {sh.Child.Pid} --agent-id {id} --hooked --incarnation 2 -q -o name");
        Assert.Equal(new Ran(0, id + "\n", ""), await first.WaitAsync(Eventually.Bound));
        await Eventually.True(
            async () => (bool)(await server.CallAsync(HttpMethod.Get, "agents/" + id))!["connected"]!, () => "the next one listens");
        Native.Kill(sh.Child.Pid, Signals.Kill);
        Assert.Equal(new Ran(0, id + "\n", ""), await second.WaitAsync(Eventually.Bound));
    }

    /// <summary>One that is opened just before the watcher before removes it would be held by two.</summary>
    [Fact]
    public async Task Record_TakenWhileTheOneBeforeRemovesIt_IsHeldByOne()
    {
        using var scratch = new Scratch();
        var (host, process) = (Attaching.HostAt(scratch.File("home")), ProcFs.Read(Environment.ProcessId)!.Value);
        AttachRecord? Take() => AttachRecord.Take(host, server.Url, process);
        var held = Take()!;
        for (var round = 0; round < 300; round++)
        {
            var taking = Task.Run(() =>
            {
                AttachRecord? next;
                while ((next = Take()) is null)
                {
                }

                return next;
            });
            held.Delete();
            held = await taking.WaitAsync(Eventually.Bound);
            Assert.Null(Take());
        }

        held.Delete();
    }

    [Theory]
    [InlineData("--hooked --agent-id x")]
    [InlineData("--hooked --incarnation 1")]
    [InlineData("--hooked --incarnation 0 --agent-id x")]
    [InlineData("--hooked --incarnation 1 --agent-id x --on-steer y")]
    public async Task Hooked_WithoutWhatTheHookHasRegistered_IsRefused(string options) =>
        Assert.Equal(2, (await RunAsync($"attach --pid 1 {options}")).Code);

    [Fact]
    public async Task Detach_OfAToolThatTheRuntimeRuns_StartsItselfAgain()
    {
        var (id, key) = (server.NewAgentId(), _tool.WriteFile("key", server.RootKey));
        await using var sh = new Sh("exec sleep 1000");
        _tool.Program = ["dotnet", Path.Combine(AppContext.BaseDirectory, "session-mesh.dll")];
        var ran = await RunAsync(
            $"attach --pid {sh.Child.Pid} --agent-id {id} --url {server.Url} --key-file {key} --detach -o csv --no-headers");
        Assert.Matches($@"^{id},1,{sh.Child.Pid},\d+\r\n$", ran.Out);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Native.Kill(sh.Child.Pid, Signals.Kill);
        await Eventually.True(
            async () => (string?)(await server.CallAsync(HttpMethod.Get, "agents/" + id))!["status"] == "dead", () => "it is dead");
    }

    /// <summary>Root may signal them, and they take nothing.</summary>
    [Theory]
    [InlineData(2, 0, null, true)]
    [InlineData(17, 2, null, true)]
    [InlineData(17, 2, "sleep 1000", false)]
    [InlineData(2, 1, "sleep 1000", false)]
    [InlineData(17, 1, null, false)]
    public void ThreadOfTheKernel_IsNoProcess(int pid, int parent, string? command, bool isOne) =>
        Assert.Equal(isOne, AttachTarget.IsOfTheKernel(new ProcEntry(pid, parent, 0, 'S', 1), command));

    /// <summary>A number that another process got meanwhile is not that of the one that was meant.</summary>
    [Fact]
    public async Task ReusedNumber_IsNobodys()
    {
        await using var sh = new Sh("exec sleep 1000");
        var seen = ProcFs.Read(sh.Child.Pid)!.Value;
        Assert.Null(HeldProcess.Open(seen.Pid, seen.StartTime + 1));
        using var held = HeldProcess.Open(seen.Pid, seen.StartTime)!;
        Assert.False(held.HasExited);
        var exited = held.ExitAsync();
        Assert.True(held.Signal(Signals.Kill));
        await exited.WaitAsync(Eventually.Bound);
        await sh.Exit;

        // It was reaped, so that its number is free; whoever has it, the handle reaches nobody.
        Assert.True(held.HasExited);
        Assert.Null(held.Read());
        Assert.False(held.Signal(Signals.Kill));
        Assert.Null(HeldProcess.Open(seen.Pid, seen.StartTime));
    }

    private Task<Ran> RunAsync(string line) => _tool.RunAsync(line, _http);

    private async Task<(int Code, string Why)> RefusedAsync(int pid)
    {
        var ran = await RunAsync(string.Create(CultureInfo.InvariantCulture, $"attach --pid {pid}"));
        Assert.Equal("", ran.Out);
        return (ran.Code, ran.Error.Split('\n').Single(line => line.StartsWith("  why: ", StringComparison.Ordinal))["  why: ".Length..]);
    }
}
