using SessionMesh.Contracts.Errors;

namespace SessionMesh.Client.Tests;

/// <summary>How an agent in this process ends, by the operator's word or the server's.</summary>
public sealed class MeshAgentStopTests : IAsyncLifetime
{
    private RealMesh _mesh = null!;

    public async Task InitializeAsync() => _mesh = await RealMesh.StartAsync();

    public async Task DisposeAsync() => await _mesh.DisposeAsync();

    [Fact]
    public async Task Kill_CancelsTheWork_AndIsConfirmedByItsEnd()
    {
        await using var agent = await ConnectAsync();

        await _mesh.KillAsync(agent.AgentId, grace: 30, "&reason=enough");
        await StoppedAsync(agent);

        Assert.Equal(("enough", TimeSpan.FromSeconds(30), false), (agent.Stop!.Reason, agent.Stop.Grace, agent.Stop.IsOver));
        Assert.False(await agent.MayContinueAsync());
        Assert.Equal("stopping", (string?)(await _mesh.AgentAsync(agent.AgentId))["status"]);
        await Eventually.True(async () => await _mesh.HistoryAsync(agent.AgentId) is ["stop accepted"], () => "the stop is accepted");

        await agent.DisposeAsync();
        Assert.Equal("enough", (string?)(await _mesh.IsOverAsync(agent.AgentId))["last_exit"]!["reason"]);
        Assert.Equal(["stop acknowledged"], await _mesh.HistoryAsync(agent.AgentId));
    }

    [Fact]
    public async Task Stop_OvertakesABusyHandler_AndCancelsIt()
    {
        await using var agent = await ConnectAsync(new() { OnSteer = (_, stopping) => Task.Delay(Timeout.Infinite, stopping) });
        await _mesh.BecomesAsync(await _mesh.TellAsync(agent.AgentId), "delivered");
        await _mesh.BecomesAsync(await _mesh.TellAsync(agent.AgentId), "delivered");

        await _mesh.KillAsync(agent.AgentId);
        await StoppedAsync(agent);
        await agent.DisposeAsync();

        await _mesh.IsOverAsync(agent.AgentId);
        Assert.Equal(
            [
                "steer rejected: the agent was stopped before this was done", "steer rejected: the agent is being stopped",
                "stop acknowledged",
            ],
            await _mesh.HistoryAsync(agent.AgentId));
    }

    [Fact]
    public async Task Stop_OfWhomIsHeld_LetsItGo()
    {
        await using var agent = await ConnectAsync();
        var pause = await _mesh.TellAsync(agent.AgentId, "pause");
        await Eventually.True(() => agent.IsPaused, () => "it is to pause");
        var held = agent.MayContinueAsync();
        await _mesh.BecomesAsync(pause, "acknowledged");

        await _mesh.KillAsync(agent.AgentId);

        Assert.False(await held.WaitAsync(Eventually.Bound));
    }

    [Fact]
    public async Task HandlerOfStops_ThatThrows_RejectsTheStop_AndTheAgentGoesOn()
    {
        var refuses = true;
        var stops = new List<MeshStop>();
        await using var agent = await ConnectAsync(new()
        {
            OnStop = (stop, _) =>
            {
                stops.Add(stop);
                return refuses ? throw new InvalidOperationException("not before the harvest") : Task.CompletedTask;
            },
            OnSteer = (_, _) => Task.CompletedTask,
        });

        await _mesh.KillAsync(agent.AgentId);
        await Eventually.True(
            async () => (await _mesh.HistoryAsync(agent.AgentId)) is ["stop rejected: not before the harvest"], () => "it is rejected");
        Assert.False(agent.Stopping.IsCancellationRequested);
        Assert.Null(agent.Stop);

        refuses = false;
        await _mesh.KillAsync(agent.AgentId, grace: null);
        await StoppedAsync(agent);
        Assert.Equal(TimeSpan.Zero, agent.Stop!.Grace);
        Assert.Equal([600, 0], stops.Select(stop => stop.Grace.TotalSeconds));
    }

    [Fact]
    public async Task Force_EndsTheAgentAtOnce_AndItsExitConfirmsThat()
    {
        await using var agent = await ConnectAsync(new() { OnStop = (_, _) => throw new InvalidOperationException("no") });

        await _mesh.KillAsync(agent.AgentId, grace: null);
        await StoppedAsync(agent);

        Assert.Equal((true, "killed by force", null), (agent.Stop!.IsOver, agent.Stop.Reason, agent.Stop.Directive));
        Assert.False((bool)(await _mesh.AgentAsync(agent.AgentId))["last_exit"]!["confirmed"]!);
        Assert.True(await agent.ExitAsync());
        await _mesh.IsOverAsync(agent.AgentId);
    }

    [Fact]
    public async Task Takeover_StopsTheFirst_AndItsEndTouchesNobody()
    {
        await using var first = await ConnectAsync(new() { AgentId = "a1" });
        await using var second = await ConnectAsync(new() { AgentId = "a1", Takeover = true });

        await StoppedAsync(first);
        Assert.Equal(ErrorCodes.Superseded, first.Stop!.Reason);
        Assert.True(await first.ExitAsync());

        Assert.Equal(("alive", 2), ((string?)(await _mesh.AgentAsync("a1"))["status"], second.Incarnation));
    }

    [Fact]
    public async Task RevokedKey_StopsTheAgent_WhoseEndNobodyHears()
    {
        var key = await _mesh.MintAsync("""{"scopes":["registry:write","mesh:read"]}""");
        await using var agent = await MeshAgent.ConnectAsync(new MeshAgentOptions { Client = _mesh.Options with { Token = key } });
        await _mesh.AgentAsync(agent.AgentId, row => (bool)row["connected"]!, "listens");

        await _mesh.CallAsync(HttpMethod.Delete, "keys/" + key[4..16]);
        await StoppedAsync(agent);

        Assert.True(agent.Stop!.IsOver);
        Assert.False(await agent.ExitAsync());
    }

    [Fact]
    public async Task ServerThatIsAway_EndsNothing_AndWhatWasToBeSaidIsSaidLater()
    {
        var (log, steered) = (new List<string>(), new TaskCompletionSource());
        await using var agent = await ConnectAsync(new()
        {
            OnSteer = (_, _) => steered.Task,
            Log = line =>
            {
                lock (log)
                {
                    log.Add(line);
                }
            },
        });
        var steer = await _mesh.TellAsync(agent.AgentId);
        await _mesh.BecomesAsync(steer, "delivered");

        await _mesh.StopAsync();
        steered.SetResult();
        await Eventually.True(
            () => log.Exists(line => line.EndsWith("; the process keeps running, and its session keeps trying", StringComparison.Ordinal)),
            () => "it is said: " + string.Join(" | ", log));
        Assert.False(agent.Stopping.IsCancellationRequested);

        await _mesh.RestartAsync();
        agent.Report(note: "back"); // a beat, and the ack with it
        await _mesh.BecomesAsync(steer, "acknowledged");
        await _mesh.BecomesAsync(await _mesh.TellAsync(agent.AgentId), "acknowledged");
    }

    /// <summary>A restore stops nobody. What waited is of a life of the store that is over; its number is another's now.</summary>
    [Fact]
    public async Task MeshThatIsRestored_EndsNothing_AndWhatWasTakenBeforeIsAnsweredNowhere()
    {
        var log = new List<string>();
        await using var agent = await ConnectAsync(new() { AgentId = "a1", Log = log.Add });
        var backup = await _mesh.BackUpAsync();
        await _mesh.BecomesAsync(await _mesh.TellAsync("a1", more: ""","message":"before" """), "delivered");
        await Eventually.True(() => Waiting(agent) is ["before"], () => "it waits");

        await _mesh.RestoreAsync(backup);
        var steer = await _mesh.TellAsync("a1", more: ""","message":"after" """);
        await _mesh.BecomesAsync(steer, "delivered");
        await Eventually.True(() => Waiting(agent) is ["after"], () => "only the new one waits: " + string.Join(" | ", log));

        Assert.False(agent.Stopping.IsCancellationRequested);
        agent.Acknowledge(Assert.Single(agent.TakeSteers()));
        await _mesh.BecomesAsync(steer, "acknowledged");
        Assert.True(await agent.ExitAsync());
        await _mesh.IsOverAsync("a1");

        static List<string?> Waiting(MeshAgent agent)
        {
            var all = agent.TakeSteers();
            agent.GiveBack(all);
            return [.. all.Select(steer => steer.Message)];
        }
    }

    [Fact]
    public async Task ExitThatNobodyTakes_IsGivenUpInTime()
    {
        var log = new List<string>();
        var agent = await ConnectAsync(new() { ExitTimeout = TimeSpan.FromMilliseconds(200), Log = log.Add });
        await _mesh.StopAsync();

        Assert.False(await agent.ExitAsync());

        Assert.Contains($"agent {agent.AgentId} has ended, which the server was not told", log);
    }

    private static Task StoppedAsync(MeshAgent agent) =>
        Eventually.True(() => agent.Stopping.IsCancellationRequested, () => "it is told to stop");

    private Task<MeshAgent> ConnectAsync(MeshAgentOptions? options = null) =>
        MeshAgent.ConnectAsync((options ?? new()) with { Client = _mesh.Options });
}
