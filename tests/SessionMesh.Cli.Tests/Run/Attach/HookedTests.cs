using System.Text.Json.Nodes;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Tests.Run.Process;
using SessionMesh.Contracts.Agents;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Run.Attach;

/// <summary>A process whose agent a hook of its own has registered: here the test is the hook.</summary>
[Collection(ProcessCollection.Name)]
public sealed class HookedTests(HostedServer server) : IDisposable
{
    /// <summary>Says that it was asked to end, and goes on.</summary>
    private const string Stubborn = "trap 'echo term >> SAID' TERM; while :; do sleep 0.1; done";

    private readonly Scratch _scratch = new();
    private readonly HostedMesh _mesh = new(server);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Watcher_KeepsTheLeaseOfTheHooksIncarnation_AndLeavesAllButStopsInTheInbox()
    {
        await using var sh = new Sh("exec sleep 1000");
        await RegisterAsync(_mesh.AgentId, """ "ttl":3600,"labels":{"project":"x"} """);
        using var attach = Attach(sh);
        Assert.Equal((_mesh.AgentId, 1), await attach.Joined.Task.WaitAsync(Eventually.Bound));
        Assert.Equal(
            $$"""{"agent_id":"{{_mesh.AgentId}}","ttl":60,"incarnation":1}""",
            Assert.Single(_mesh.Bodies("/agents")).ToJsonString());
        Assert.Equal("""{"project":"x"}""", (await RowAsync())["labels"]!.ToJsonString());
        foreach (var verb in new[] { "steer", "pause", "resume" })
        {
            await _mesh.SendAsync(verb, verb == "steer" ? "west" : null);
        }

        await _mesh.StopAsync(grace: 60);
        await Eventually.True(() => _mesh.Acks(4).Contains("accepted"), () => "the stop is heard");
        Assert.Equal(["queued", "queued", "queued"], (await StatesAsync()).SkipLast(1));
        Assert.Equal("stopping", (string)(await RowAsync())["status"]!);
        Native.Kill(sh.Child.Pid, Signals.Int);
        await attach.Ends;
        Assert.Equal("dead", (string)(await RowAsync())["status"]!);
        Assert.Equal([4], _mesh.Calls.Where(call => call.Path.EndsWith("/ack", StringComparison.Ordinal)).Select(SeqOf).Distinct());
    }

    [Fact]
    public async Task Stop_ProcessThatItsHookEndsWithinTheGrace_GetsNoSignal()
    {
        var said = _scratch.File("said");
        await using var sh = new Sh(Stubborn.Replace("SAID", said, StringComparison.Ordinal));
        await RegisterAsync(_mesh.AgentId);
        using var attach = Attach(sh);
        await _mesh.StopAsync(grace: 60, reason: "enough");
        await Eventually.True(() => _mesh.Acks(1).Contains("accepted"), () => "the stop is heard");
        Native.Kill(sh.Child.Pid, Signals.Kill);
        await attach.Ends;
        Assert.False(File.Exists(said));
        Assert.Equal(Confirmed("enough"), await ExitAsync(_mesh.AgentId));
        Assert.Equal(["accepted", "acknowledged"], _mesh.Acks(1));
    }

    [Fact]
    public async Task Stop_ProcessThatItsHookDoesNotEnd_GetsTermBeforeTheGraceIsOver_AndKillThen()
    {
        var (said, pids) = (_scratch.File("said"), _scratch.File("pids"));
        await using var sh = new Sh(
            $"setsid sleep 1000 & echo $! >> {pids}; " + Stubborn.Replace("SAID", said, StringComparison.Ordinal));
        await RegisterAsync(_mesh.AgentId);
        using var attach = Attach(sh);
        var below = int.Parse((await Eventually.Lines(pids))[0], System.Globalization.CultureInfo.InvariantCulture);
        await Eventually.True(() => attach.Known >= 2, () => "what came of it is noted");
        await _mesh.StopAsync(grace: 4, reason: "enough");
        await attach.Ends;
        Assert.Equal("term", await Eventually.Line(said));
        Assert.All([sh.Child.Pid, below], pid => Assert.True(ProcFs.IsGone(pid)));
        Assert.Equal(Confirmed("enough"), await ExitAsync(_mesh.AgentId));
        Assert.Equal("acknowledged", _mesh.AckOf(1));
    }

    [Fact]
    public async Task Stop_ByForce_IsObeyedAtOnce_AndConfirmed()
    {
        var said = _scratch.File("said");
        await using var sh = new Sh(Stubborn.Replace("SAID", said, StringComparison.Ordinal));
        await RegisterAsync(_mesh.AgentId);
        using var attach = Attach(sh);
        await _mesh.StopAsync(grace: 3600);
        await Eventually.True(() => _mesh.Acks(1).Contains("accepted"), () => "the stop is heard");
        await _mesh.StopAsync(reason: "now"); // while the hook has its time
        await attach.Ends;
        Assert.True(ProcFs.IsGone(sh.Child.Pid));
        Assert.False(File.Exists(said));
        Assert.Equal(Confirmed("now"), await ExitAsync(_mesh.AgentId));
    }

    [Theory]
    [InlineData(40, 38)]
    [InlineData(4, 3)]
    public async Task Grace_IsLeftToTheHook_LessAMargin(int grace, int left)
    {
        var time = new FakeTime();
        using var client = await _mesh.ClientAsync();
        var hooked = new HookedLife(client, new Cli.Run.RunLog(quiet: true), time);
        var never = new TaskCompletionSource();
        var waiting = hooked.LeaveToHookAsync(TimeSpan.FromSeconds(grace), never.Task, CancellationToken.None);
        time.Advance(TimeSpan.FromSeconds(left) - TimeSpan.FromMilliseconds(1));
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await waiting.WaitAsync(Eventually.Bound);

        // No more than that where either has ended, or there is no time.
        await hooked.LeaveToHookAsync(TimeSpan.FromSeconds(grace), Task.CompletedTask, CancellationToken.None).WaitAsync(Eventually.Bound);
        await hooked.LeaveToHookAsync(TimeSpan.FromSeconds(grace), never.Task, new CancellationToken(true)).WaitAsync(Eventually.Bound);
        await hooked.LeaveToHookAsync(TimeSpan.Zero, never.Task, CancellationToken.None).WaitAsync(Eventually.Bound);
    }

    /// <summary>As <c>/clear</c> does: the process goes on as another agent.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AgentThatItsHookHasEnded_IsWatchedNoMore_AndItsProcessGoesOnAsAnother(bool whileItStops)
    {
        await using var sh = new Sh("exec sleep 1000");
        await RegisterAsync(_mesh.AgentId);
        using (var attach = Attach(sh))
        {
            await ListensAsync(attach);
            if (whileItStops)
            {
                await _mesh.StopAsync(grace: 60);
                await Eventually.True(() => _mesh.Acks(1).Contains("accepted"), () => "the stop is heard");
            }

            await server.CallAsync(HttpMethod.Post, $"agents/{_mesh.AgentId}/exit", """{"incarnation":1,"reason":"clear"}""");
            await attach.Ends;
        }

        Assert.False(sh.Child.HasExited);
        Assert.Null(_mesh.Exit);
        Assert.Empty(Records());
        var next = server.NewAgentId();
        await RegisterAsync(next);
        using var second = Attach(sh, next);
        Assert.Equal((next, 1), await second.Joined.Task.WaitAsync(Eventually.Bound));
        Native.Kill(sh.Child.Pid, Signals.Kill);
        await second.Ends;
        Assert.Equal("""{"confirmed":true,"exit_code":null,"signal":null,"reason":null}""", await ExitAsync(next));
    }

    /// <summary>The hook has reported the end, and the process ends a moment later: what ran in it has ended as well.</summary>
    [Fact]
    public async Task AgentThatItsHookHasEnded_WithItsProcess_TakesItsSubAgentsAlong()
    {
        await using var sh = new Sh("exec sleep 1000");
        await RegisterAsync(_mesh.AgentId);
        await RegisterAsync(_mesh.AgentId + ".s1", $""" "parent_id":"{_mesh.AgentId}" """);
        using var attach = Attach(sh);
        await ListensAsync(attach);
        await server.CallAsync(HttpMethod.Post, $"agents/{_mesh.AgentId}/exit", """{"incarnation":1,"reason":"quit"}""");
        Native.Kill(sh.Child.Pid, Signals.Kill);
        await attach.Ends;
        Assert.Equal(Confirmed("its process has ended"), await ExitAsync(_mesh.AgentId + ".s1"));
        Assert.Equal(Confirmed("quit"), await ExitAsync(_mesh.AgentId));
    }

    [Fact]
    public async Task AgentThatAnotherTookOver_IsWatchedNoMore_AndItsProcessIsLeft()
    {
        await using var sh = new Sh("exec sleep 1000");
        await RegisterAsync(_mesh.AgentId);
        using var attach = Attach(sh);
        await ListensAsync(attach);
        await _mesh.EndStreamAsync("superseded");
        await attach.Ends;
        Assert.False(sh.Child.HasExited);
        Assert.Null(_mesh.Exit);
        Assert.Empty(Records());
    }

    [Theory]
    [InlineData("exit")]
    [InlineData("takeover")]
    [InlineData("force")]
    public async Task AgentThatIsOverBeforeTheWatcherJoins(string how)
    {
        await using var sh = new Sh("exec sleep 1000");
        await RegisterAsync(_mesh.AgentId);
        await (how switch
        {
            "exit" => server.CallAsync(HttpMethod.Post, $"agents/{_mesh.AgentId}/exit", """{"incarnation":1}"""),
            "takeover" => _mesh.EndStreamAsync("superseded"),
            _ => _mesh.StopAsync(),
        });
        using var attach = Attach(sh);
        await attach.Ends;
        Assert.False(attach.Joined.Task.IsCompleted);
        Assert.Equal(how == "force", ProcFs.IsGone(sh.Child.Pid));
        Assert.Equal(how == "force", _mesh.Exit is not null);
        Assert.Empty(Records());
        if (how == "force")
        {
            Assert.Equal(
                Confirmed("killed by force"), await ExitAsync(_mesh.AgentId));
        }
    }

    [Theory]
    [InlineData("by itself")]
    [InlineData("stopped")]
    [InlineData("by force")]
    public async Task SubAgents_EndWithTheProcess_BeforeTheirParent(string how)
    {
        await using var sh = new Sh("exec sleep 1000");
        var id = _mesh.AgentId;
        await RegisterAsync(id);
        await RegisterAsync($"{id}.s1", $""" "parent_id":"{id}" """);
        await RegisterAsync($"{id}.s1.x", $""" "parent_id":"{id}.s1" """);
        await RegisterAsync($"{id}.over", $""" "parent_id":"{id}" """);
        await RegisterAsync($"{id}-other", $""" "parent_id":"{id}" """);
        await server.CallAsync(HttpMethod.Post, $"agents/{id}.over/exit", """{"incarnation":1,"reason":"done"}""");
        using var attach = Attach(sh);
        await ListensAsync(attach);
        if (how == "by itself")
        {
            Native.Kill(sh.Child.Pid, Signals.Kill);
        }
        else
        {
            await _mesh.StopAsync(grace: how == "stopped" ? 1 : null, reason: "enough"); // and all below it
        }

        await attach.Ends;
        var reports = _mesh.Calls.Select(call => call.Path).Where(path => path.EndsWith("/exit", StringComparison.Ordinal)).ToList();
        Assert.Equal($"/agents/{id}/exit", reports[^1]);
        Assert.Equal([$"/agents/{id}.s1.x/exit", $"/agents/{id}.s1/exit"], reports.SkipLast(1).Order());
        foreach (var sub in new[] { $"{id}.s1", $"{id}.s1.x" })
        {
            Assert.Equal(Confirmed(how == "by itself" ? "its process has ended" : "enough"), await ExitAsync(sub));
        }

        Assert.Equal(Confirmed("done"), await ExitAsync($"{id}.over"));
        Assert.Equal(how switch { "by itself" => "alive", "stopped" => "stopping", _ => "dead" }, await StatusAsync($"{id}-other"));
    }

    /// <summary>Some programs have many sessions in one process: it ends with the first that is killed, and so do they all.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SessionsOfOneProcess_AreWatchedEach_AndEndTogether(bool byKill)
    {
        await using var sh = new Sh("exec sleep 1000");
        var other = server.NewAgentId();
        await RegisterAsync(_mesh.AgentId);
        await RegisterAsync(other);
        using var first = Attach(sh);
        using var second = Attach(sh, other);
        await ListensAsync(first);
        Assert.Equal((other, 1), await second.Joined.Task.WaitAsync(Eventually.Bound));
        if (byKill)
        {
            await _mesh.StopAsync(reason: "enough");
        }
        else
        {
            Native.Kill(sh.Child.Pid, Signals.Kill);
        }

        await first.Ends;
        await second.Ends;
        Assert.True(ProcFs.IsGone(sh.Child.Pid));
        var ended = """{"confirmed":true,"exit_code":null,"signal":null,"reason":null}""";
        Assert.Equal(byKill ? Confirmed("enough") : ended, await ExitAsync(_mesh.AgentId));
        Assert.Equal(ended, await ExitAsync(other));
        Assert.Empty(Records());
    }

    /// <summary>A session that is deleted goes, and the others stay.</summary>
    [Fact]
    public async Task SessionThatEnds_LeavesTheProcessToTheOthers()
    {
        await using var sh = new Sh("exec sleep 1000");
        var other = server.NewAgentId();
        await RegisterAsync(_mesh.AgentId);
        await RegisterAsync(other);
        using var first = Attach(sh);
        using var second = Attach(sh, other);
        await ListensAsync(first);
        await second.Joined.Task.WaitAsync(Eventually.Bound);
        await server.CallAsync(HttpMethod.Post, $"agents/{_mesh.AgentId}/exit", """{"incarnation":1}""");
        await first.Ends;
        Assert.False(sh.Child.HasExited);
        Assert.Equal("alive", await StatusAsync(other));
        await server.CallAsync(HttpMethod.Delete, $"agents/{other}?force=true");
        await second.Ends;
        Assert.True(sh.Child.HasExited);
    }

    /// <summary>A hook starts it, and so it is below the process for a moment; it has to outlive what it watches.</summary>
    [Fact]
    public async Task WatcherOfAnotherSession_IsNothingThatCameOfTheProcess()
    {
        var (pids, key, other) = (_scratch.File("pids"), _scratch.File("key"), server.NewAgentId());
        await File.WriteAllTextAsync(key, server.RootKey);
        await RegisterAsync(other);
        var tool = Path.Combine(AppContext.BaseDirectory, "session-mesh.dll");
        await using var sh = new Sh(
            $"dotnet {tool} attach --pid $$ --hooked --agent-id {other} --incarnation 1 --url {server.Url} "
            + $"--key-file {key} --in-background & "
            + $"sleep 1000 & echo $! >> {pids}; wait; sleep 1000",
            new Dictionary<string, string?> { ["XDG_STATE_HOME"] = _scratch.File("state") });
        await Eventually.Lines(pids);
        await Eventually.True(
            async () => (bool)(await server.CallAsync(HttpMethod.Get, "agents/" + other))!["connected"]!, () => "the other one listens");
        using (var held = HeldProcess.Open(sh.Child.Pid)!)
        using (var tree = new HeldTree(held, TimeProvider.System))
        {
            Assert.Equal(2, tree.Look().Count);
            Assert.Empty(await tree.StopAsync(TimeSpan.Zero, CancellationToken.None));
        }

        await Eventually.True(async () => await StatusAsync(other) == "dead", () => "its end is reported");
    }

    [Fact]
    public async Task Watcher_ThatIsAskedToEnd_LeavesTheProcess()
    {
        await using var sh = new Sh("exec sleep 1000");
        await RegisterAsync(_mesh.AgentId);
        using (var attach = Attach(sh))
        {
            await attach.Joined.Task.WaitAsync(Eventually.Bound);
            await attach.LeaveAsync();
        }

        Assert.False(sh.Child.HasExited);
        Assert.Null(_mesh.Exit);
        Assert.Equal("alive", await StatusAsync(_mesh.AgentId));
    }

    /// <summary>Esc fires no hook; the file of the session has it.</summary>
    [Fact]
    public async Task Turn_ThatAPersonBreaksOff_IsToldToTheMesh()
    {
        await using var sh = new Sh("exec sleep 1000");
        var transcript = _scratch.File("session.jsonl");
        await RegisterAsync(_mesh.AgentId);
        using var attach = Attach(sh, transcript: transcript);
        await ListensAsync(attach);
        await File.WriteAllTextAsync(transcript, """
            {"promptId":"p-1","type":"user","message":{"content":[{"type":"text","text":"[Request interrupted by user]"}]},"sessionId":"s"}

            """);
        await Eventually.True(() => _mesh.Bodies("/hooks/claude-code").Count == 1, () => "it is told");
        Assert.Equal(
            """{"hook_event_name":"session-mesh:interrupted","session_id":"s","prompt_id":"p-1"}""",
            _mesh.Bodies("/hooks/claude-code")[0].ToJsonString());
        Native.Kill(sh.Child.Pid, Signals.Kill);
        await attach.Ends;
    }

    private Attaching Attach(Sh sh, string? id = null, string? transcript = null) =>
        new(_mesh, _scratch.File("home"), sh.Child.Pid, new AttachOptions
        {
            Agent = new RegisterAgentRequest { AgentId = id ?? _mesh.AgentId },
            HookedIncarnation = 1,
            Transcript = transcript,
        });

    private async Task ListensAsync(Attaching attach)
    {
        await attach.Joined.Task.WaitAsync(Eventually.Bound);
        await Eventually.True(() => _mesh.HasStream, () => "it listens");
    }

    private async Task RegisterAsync(string id, string members = "") => await server.CallAsync(
        HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}"{{(members.Length == 0 ? "" : "," + members)}}}""");

    private IEnumerable<string> Records() => Directory.EnumerateFiles(_scratch.File("home/.local/state/session-mesh/attached"));

    private async Task<JsonNode> RowAsync() => (await server.CallAsync(HttpMethod.Get, "agents/" + _mesh.AgentId))!;

    private async Task<string> StatusAsync(string id) =>
        (await server.CallAsync(HttpMethod.Get, "agents/" + id))!["status"]!.GetValue<string>();

    /// <summary>Of all that the agent was told, oldest first.</summary>
    private async Task<List<string>> StatesAsync()
    {
        var history = await server.CallAsync(HttpMethod.Get, $"agents/{_mesh.AgentId}/directives/history");
        return [.. history!["directives"]!.AsArray().Select(directive => directive!["state"]!.GetValue<string>()).Reverse()];
    }

    private async Task<string> ExitAsync(string id)
    {
        var exit = (await server.CallAsync(HttpMethod.Get, "agents/" + id))!["last_exit"]!.AsObject();
        exit.Remove("at");
        return exit.ToJsonString();
    }

    private static string Confirmed(string reason) =>
        $$"""{"confirmed":true,"exit_code":null,"signal":null,"reason":"{{reason}}"}""";

    private static int SeqOf((string Path, JsonNode? Body) ack) =>
        int.Parse(ack.Path.Split('/')[^2], System.Globalization.CultureInfo.InvariantCulture);
}
