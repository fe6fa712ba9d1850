using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>
/// Leases on monotonic time, looked at once a second: a lease of 60 s that began on the second stands before 60 and has lapsed
/// at 61; in the second between, it depends on whether something else was looked for just then.
/// </summary>
public sealed class LeaseTests
{
    [Fact]
    public async Task Lease_Silence_MakesSuspectThenLost_AndAHeartbeatRevivesTheSameIncarnation()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(60);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2));
        await mesh.AdvanceAsync(1);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: "\"status\":\"suspect\""));
        await mesh.AdvanceAsync(59);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
        await mesh.AdvanceAsync(1);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: $$"""
            "status":"lost","gone_at":"{{At(121)}}"
            """));

        (await mesh.PostAsync("agents/a/heartbeat", """{"incarnation":1}"""))
            .ShouldBe(200, """{"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20","directives":[]}""");
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 121));
        Assert.Equal(["agent.suspect", "agent.lost", "agent.alive"], await mesh.KindsAsync(after: 2));
    }

    [Fact]
    public async Task Lease_BeatOfASuspect_RevivesIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(61);
        await mesh.PostAsync("agents/a/heartbeat", """{"note":"back"}""");
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 61, differs: "\"note\":\"back\""));
        await mesh.AdvanceAsync(59);
        Assert.Equal("alive", await mesh.StatusAsync("a"));
        await mesh.AdvanceAsync(2);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Lease_HeartbeatInTime_MovesItsEndAndIsNoChange()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 5);
        for (var i = 0; i < 10; i++)
        {
            await mesh.AdvanceAsync(5);
            await mesh.PostAsync("agents/a/heartbeat");
        }

        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 50, ttl: 5));
        Assert.Equal(2, mesh.Revision);
    }

    [Theory]
    [InlineData(86_400)]
    [InlineData(-86_400)]
    public async Task Lease_WallClockJumps_KillsNobody(int seconds)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(10);
        mesh.Time.JumpWall(TimeSpan.FromSeconds(seconds));
        await mesh.AdvanceAsync(50);
        Assert.Equal("alive", await mesh.StatusAsync("a"));
        Assert.Equal(2, mesh.Revision);
        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Lease_WallClockSetBack_NeverGoesBackInTheLog()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.AdvanceAsync(100);
        await mesh.RegisterAsync("a");
        mesh.Time.JumpWall(TimeSpan.FromHours(-1));
        await mesh.RegisterAsync("b");
        Assert.Equal(At(100), (await mesh.GetAsync("agents/b")).Json["created_at"]!.GetValue<string>());
    }

    [Fact]
    public async Task Lease_BeatBetweenTheFindingAndTheDecision_KeepsItAliveAndItStillLapsesLater()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(60);
        await using (await HeldEngine.HoldAsync(mesh))
        {
            mesh.Time.Advance(TimeSpan.FromSeconds(1)); // found lapsed, and queued behind the hold
            Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat")).Status);
        }

        await mesh.SettleAsync();
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 61));
        Assert.Equal(2, mesh.Revision);
        await mesh.AdvanceAsync(61);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Stalled_WorkingWithoutTheProgressItPromised_IsFoundByItsFilter()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        await mesh.RegisterAsync("idle", ttl: 600);
        await mesh.PostAsync("agents/idle/heartbeat", """{"activity":"idle","progress":1,"progress_interval":5}""");
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","progress":1,"progress_interval":5}""");
        await mesh.AdvanceAsync(5);
        Assert.Equal(0, (await mesh.GetAsync("alive?filter=stalled")).Json["count"]!.GetValue<int>());
        await mesh.AdvanceAsync(1);
        await mesh.PostAsync("agents/a/heartbeat", """{"progress":1}"""); // a beat without progress is none
        (await mesh.GetAsync("alive?filter=stalled&fields=agent_id,last_progress_at"))
            .ShouldBe(200, $$"""{"sessions":[{"agent_id":"a","last_progress_at":"{{At(0)}}"}],"count":1,"next_cursor":null,"as_of":"4"}""");
        await mesh.PostAsync("agents/a/heartbeat", """{"progress":2}""");
        Assert.Equal(0, (await mesh.GetAsync("alive?filter=stalled")).Json["count"]!.GetValue<int>());
    }
}
