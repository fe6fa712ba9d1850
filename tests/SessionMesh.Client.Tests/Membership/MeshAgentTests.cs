using System.Text.Json.Nodes;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Client.Tests;

/// <summary>An agent in this process, and the real server.</summary>
public sealed class MeshAgentTests : IAsyncLifetime
{
    private RealMesh _mesh = null!;

    public async Task InitializeAsync() => _mesh = await RealMesh.StartAsync();

    public async Task DisposeAsync() => await _mesh.DisposeAsync();

    [Fact]
    public async Task Connect_IsAlive_WithAllThatItSays_AndDisposing_ReportsTheExit()
    {
        await using var agent = await ConnectAsync(new()
        {
            AgentId = "a1",
            Cluster = "east",
            Specializations = ["crawling", new() { Name = "parsing", Level = 80, Capacity = 4 }],
            Labels = new Dictionary<string, string> { ["env"] = "test" },
            User = "alice",
            Ttl = TimeSpan.FromSeconds(120),
        });

        Assert.Equal(("a1", 1, false), (agent.AgentId, agent.Incarnation, agent.IsPaused));
        var row = await _mesh.AgentAsync("a1", row => (bool)row["connected"]!, "listens");
        Assert.Equal(
            "alive east [\"crawling\",\"parsing\"] {\"env\":\"test\"} alice",
            $"{row["status"]} {row["cluster"]} {row["specializations"]!.ToJsonString()} {row["labels"]!.ToJsonString()} {row["user"]}");

        await agent.DisposeAsync();
        var exit = (await _mesh.IsOverAsync("a1"))["last_exit"]!;
        Assert.Equal((null, null), ((int?)exit["exit_code"], (string?)exit["reason"]));
        Assert.True(agent.Stopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Exit_SaysWithWhatAndWhy_Once()
    {
        using var client = new MeshClient(_mesh.Options);
        await using var agent = await MeshAgent.ConnectAsync(new(), client);

        Assert.True(await agent.ExitAsync(3, "no more work"));
        Assert.True(await agent.ExitAsync(4, "again"));

        var exit = (await _mesh.IsOverAsync(agent.AgentId))["last_exit"]!;
        Assert.Equal((3, "no more work"), ((int)exit["exit_code"]!, (string)exit["reason"]!));
        await agent.DisposeAsync();
        Assert.Equal("dead", (await client.AgentAsync(agent.AgentId)).Status); // whose client it is not, it does not end
    }

    [Fact]
    public async Task Steer_IsHandledInOrder_AndAcknowledgedWhenTheHandlerReturns()
    {
        var heard = new List<string>();
        var go = new TaskCompletionSource();
        await using var agent = await ConnectAsync(new()
        {
            OnSteer = async (steer, _) =>
            {
                lock (heard)
                {
                    heard.Add($"{steer.Direction} {steer.Message}");
                }

                await go.Task;
            },
        });

        var first = await _mesh.TellAsync(agent.AgentId, more: ""","message":"one" """);
        var second = await _mesh.TellAsync(agent.AgentId, more: ""","message":"two" """);
        await _mesh.BecomesAsync(first, "delivered");
        await _mesh.BecomesAsync(second, "delivered");
        await Eventually.True(() => heard.Count == 1, () => "the first is handled");

        go.SetResult();
        await _mesh.BecomesAsync(first, "acknowledged");
        await _mesh.BecomesAsync(second, "acknowledged");
        Assert.Equal(["north one", "north two"], heard);
        Assert.Equal("north", (string?)(await _mesh.AgentAsync(agent.AgentId))["direction"]);
    }

    [Fact]
    public async Task Handler_ThatThrows_RejectsWithItsReason_AndTheNextIsHandled()
    {
        var log = new List<string>();
        await using var agent = await ConnectAsync(new()
        {
            OnSteer = (steer, _) => steer.Message == "bad" ? throw new InvalidOperationException("no such road") : Task.CompletedTask,
            OnPause = (_, _) => throw new NotSupportedException(new string('x', 3000)),
            Log = line =>
            {
                lock (log)
                {
                    log.Add(line);
                }
            },
        });

        var bad = await _mesh.TellAsync(agent.AgentId, more: ""","message":"bad" """);
        var pause = await _mesh.TellAsync(agent.AgentId, "pause");
        var good = await _mesh.TellAsync(agent.AgentId);

        Assert.Equal("no such road", (string?)(await _mesh.BecomesAsync(bad, "rejected"))["note"]);
        Assert.Equal(new string('x', 1024), (string?)(await _mesh.BecomesAsync(pause, "rejected"))["note"]);
        await _mesh.BecomesAsync(good, "acknowledged");
        Assert.False(agent.IsPaused);
        Assert.Contains("the handler of directive 1 (steer) has failed: no such road", log);
    }

    [Fact]
    public async Task Pause_IsAcknowledgedOnceTheAgentIsHeld_AndResumeLetsItGo()
    {
        await using var agent = await ConnectAsync();
        Assert.True(await agent.MayContinueAsync());

        var pause = await _mesh.TellAsync(agent.AgentId, "pause");
        await Eventually.True(() => agent.IsPaused, () => "it is to pause");
        await _mesh.BecomesAsync(pause, "delivered");

        var held = agent.MayContinueAsync();
        await _mesh.BecomesAsync(pause, "acknowledged");
        Assert.True((bool)(await _mesh.AgentAsync(agent.AgentId))["paused"]!);
        var again = await _mesh.TellAsync(agent.AgentId, "pause");
        await _mesh.BecomesAsync(again, "acknowledged");
        Assert.False(held.IsCompleted);

        var resume = await _mesh.TellAsync(agent.AgentId, "resume");
        Assert.True(await held.WaitAsync(Eventually.Bound));
        await _mesh.BecomesAsync(resume, "acknowledged");
        Assert.False((bool)(await _mesh.AgentAsync(agent.AgentId))["paused"]!);
    }

    [Fact]
    public async Task Pause_ThatHeldNobody_IsOverWithTheResume()
    {
        await using var agent = await ConnectAsync();

        await _mesh.BecomesAsync(await _mesh.TellAsync(agent.AgentId, "pause"), "delivered");
        await _mesh.BecomesAsync(await _mesh.TellAsync(agent.AgentId, "resume"), "acknowledged");

        Assert.Equal(
            ["pause acknowledged: resumed before anything was held", "resume acknowledged"],
            await _mesh.HistoryAsync(agent.AgentId));
        Assert.True(await agent.MayContinueAsync());
    }

    [Fact]
    public async Task Pause_WithAHandler_IsAcknowledgedWhenThatReturns_AndWhoWaitsMayGiveUp()
    {
        var done = new List<string>();
        await using var agent = await ConnectAsync(new()
        {
            OnPause = (pause, _) =>
            {
                done.Add(pause.Verb);
                return Task.CompletedTask;
            },
            OnResume = (resume, _) =>
            {
                done.Add(resume.Verb);
                return Task.CompletedTask;
            },
        });

        await _mesh.BecomesAsync(await _mesh.TellAsync(agent.AgentId, "pause"), "acknowledged");
        using var impatience = new CancellationTokenSource();
        var held = agent.MayContinueAsync(impatience.Token);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);
        Assert.True(agent.IsPaused);

        await _mesh.BecomesAsync(await _mesh.TellAsync(agent.AgentId, "resume"), "acknowledged");
        Assert.Equal(["pause", "resume"], done);
        Assert.True(await agent.MayContinueAsync());
    }

    [Fact]
    public async Task Report_IsSeenSoon_AndWhatIsLeftOutStays()
    {
        await using var agent = await ConnectAsync(new() { Ttl = TimeSpan.FromHours(1) });

        agent.Report(AgentActivity.Working, load: 0.5, progress: 1, note: "reading", progressInterval: TimeSpan.FromMinutes(5));
        agent.Report(progress: 2);

        var row = await _mesh.AgentAsync(agent.AgentId, row => row["progress"] is not null, "has reported");
        Assert.Equal(
            "working 0.5 2 300 reading",
            $"{row["activity"]} {row["load"]} {row["progress"]} {row["progress_interval"]} {row["note"]}");
    }

    [Fact]
    public async Task Report_OfWhatNoServerTakes_IsRefusedAtOnce()
    {
        await using var agent = await ConnectAsync();

        Assert.Throws<ArgumentException>(() => agent.Report(activity: "busy"));
        Assert.Throws<ArgumentOutOfRangeException>(() => agent.Report(load: 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => agent.Report(load: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => agent.Report(progress: double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => agent.Report(progressInterval: TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public async Task Child_HangsBelow_AndEndsBeforeItsParent()
    {
        await using var agent = await ConnectAsync(new() { AgentId = "top" });
        await using var child = await agent.ConnectChildAsync(new() { AgentId = "top.part", OnSteer = (_, _) => Task.CompletedTask });
        Assert.Equal(("top", null), (child.ParentId, agent.ParentId));
        Assert.Same(agent.Client, child.Client);
        await _mesh.BecomesAsync(await _mesh.TellAsync("top.part"), "acknowledged");

        await agent.DisposeAsync();

        var (above, below) = (await _mesh.IsOverAsync("top"), await _mesh.IsOverAsync("top.part"));
        Assert.True(At(below) <= At(above), "the child's exit comes first");
        Assert.True(child.Stopping.IsCancellationRequested);

        static DateTimeOffset At(JsonNode agent) => agent["last_exit"]!["at"]!.GetValue<DateTimeOffset>();
    }

    [Fact]
    public async Task Connect_WithAKeyThatIsBoundToAnAgent_IsThatAgent_ForOneLife()
    {
        await _mesh.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"mine","declare":true}""");
        var options = _mesh.Options with { Token = await _mesh.MintAsync("""{"agent_id":"mine"}""") };
        await using var agent = await MeshAgent.ConnectAsync(
            new MeshAgentOptions { Client = options, OnSteer = (_, _) => Task.CompletedTask });

        Assert.Equal("mine", agent.AgentId);
        await _mesh.BecomesAsync(await _mesh.TellAsync("mine"), "acknowledged");
        Assert.Equal(403, (await Assert.ThrowsAsync<MeshException>(() => agent.ConnectChildAsync(new() { AgentId = "mine.part" }))).Status);

        Assert.True(await agent.ExitAsync());
        await _mesh.IsOverAsync("mine");
        var again = await Assert.ThrowsAsync<MeshException>(() => MeshAgent.ConnectAsync(new MeshAgentOptions { Client = options }));
        Assert.Equal(ErrorCodes.Unauthenticated, again.Code);
    }

    [Fact]
    public async Task Connect_ThatIsRefused_SaysWhy()
    {
        await using var first = await ConnectAsync(new() { AgentId = "a1" });

        var twice = await Assert.ThrowsAsync<MeshException>(() => ConnectAsync(new() { AgentId = "a1" }));
        Assert.Equal(ErrorCodes.AlreadyAlive, twice.Code);
        var stranger = await Assert.ThrowsAsync<MeshException>(
            () => MeshAgent.ConnectAsync(new MeshAgentOptions { Client = _mesh.Options with { Token = "smk_no" } }));
        Assert.Equal(ErrorCodes.Unauthenticated, stranger.Code);
        var bad = await Assert.ThrowsAsync<MeshException>(() => ConnectAsync(new() { AgentId = "no such id" }));
        Assert.Equal(400, bad.Status);
        var nobody = await Assert.ThrowsAsync<MeshException>(() => MeshAgent.ConnectAsync(
            new MeshAgentOptions { Client = _mesh.Options with { BaseUrl = new Uri("http://127.0.0.1:1") } }));
        Assert.Equal(MeshFailure.Unreachable, nobody.Failure);
    }

    private Task<MeshAgent> ConnectAsync(MeshAgentOptions? options = null) =>
        MeshAgent.ConnectAsync((options ?? new()) with { Client = _mesh.Options });
}
