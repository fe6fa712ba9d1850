using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>Nobody dies of the server's own absence: a restart, a stall, a network of ours that fails.</summary>
public sealed class ServerAwayTests
{
    [Fact]
    public async Task Restart_EveryLeaseGetsItsFullTtlAgain_AndWhatWasOnlyInMemoryIsNull()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("long", ttl: 120, more: ",\"specializations\":[\"s\"],\"labels\":{\"k\":\"v\"},\"user\":\"ann\"");
        await mesh.RegisterAsync("short", ttl: 5);
        await mesh.PostAsync(
            "agents/long/heartbeat", """{"activity":"working","load":0.25,"progress":7,"progress_interval":60,"note":"n"}""");
        await mesh.RestartAsync(TimeSpan.FromHours(5));

        (await mesh.GetAsync("agents/long")).ShouldBe(200, Detail("long", session: 2, differs: $$"""
            "specializations":["s"],"labels":{"k":"v"},"user":"ann","last_heartbeat_at":null,"expires_at":"{{At(18_000 + 120)}}"
            """));
        (await mesh.GetAsync("agents/short")).ShouldBe(200, Detail("short", session: 3, differs: $$"""
            "last_heartbeat_at":null,"expires_at":"{{At(18_000 + 30)}}"
            """));
        Assert.Equal(3, mesh.Revision);

        await mesh.AdvanceAsync(30);
        Assert.Equal("alive", await mesh.StatusAsync("short"));
        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("short"));
        await mesh.AdvanceAsync(89);
        Assert.Equal("alive", await mesh.StatusAsync("long"));
        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("long"));
    }

    [Fact]
    public async Task Restart_WhileAnAgentIsStopping_ForceWaitsThirtySecondsForItsRunner()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?grace=10");
        await mesh.RestartAsync(TimeSpan.FromMinutes(1));
        await mesh.AdvanceAsync(30);
        Assert.Equal("stopping", await mesh.StatusAsync("a"));
        await mesh.AdvanceAsync(1);
        Assert.Equal("dead", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Stall_TickMoreThanFiveSecondsLate_BeginsEveryLeaseAnew()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BeatFor56SecondsAsync(mesh);
        mesh.Time.Suspend(TimeSpan.FromSeconds(7));
        await mesh.AdvanceAsync(1); // the tick that is 6 s late comes at 63
        Assert.Contains(
            mesh.Log.Lines,
            l => l.StartsWith("Warning", StringComparison.Ordinal) && l.Contains("The server was away for 6 s", StringComparison.Ordinal));
        Assert.Equal(3, mesh.Revision);

        await mesh.AdvanceAsync(28); // short: 30 s at least
        Assert.Equal("alive", await mesh.StatusAsync("short"));
        Assert.Equal(At(93), (await mesh.GetAsync("agents/short")).Json["expires_at"]!.GetValue<string>());
        await mesh.AdvanceAsync(2);
        Assert.Equal("suspect", await mesh.StatusAsync("short"));
        await mesh.AdvanceAsync(28);
        Assert.Equal("alive", await mesh.StatusAsync("long"));
        await mesh.AdvanceAsync(2);
        Assert.Equal("suspect", await mesh.StatusAsync("long"));
    }

    [Fact]
    public async Task Stall_TickFiveSecondsLate_IsNone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BeatFor56SecondsAsync(mesh);
        mesh.Time.Suspend(TimeSpan.FromSeconds(6));
        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("short"));
        Assert.DoesNotContain(mesh.Log.Lines, l => l.Contains("The server was away", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2000)]
    public async Task Suspend_MonotonicClockStoodStill_EveryLeaseBeginsAnewOnWaking(int hours)
    {
        await using var mesh = await MeshHost.StartAsync();
        await BeatFor56SecondsAsync(mesh);
        mesh.Time.SuspendMachine(TimeSpan.FromHours(hours));
        await mesh.AdvanceAsync(1);
        Assert.Contains(mesh.Log.Lines, l => l.Contains($"The server was away for {hours * 3600} s", StringComparison.Ordinal));
        await mesh.AdvanceAsync(30);
        Assert.Equal(("alive", "alive"), (await mesh.StatusAsync("short"), await mesh.StatusAsync("long")));
        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("short"));
        await mesh.AdvanceAsync(29);
        Assert.Equal("alive", await mesh.StatusAsync("long"));
        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("long"));
        var heard = (await mesh.GetAsync("agents/short")).Json["last_heartbeat_at"]!.GetValue<string>();
        Assert.Equal(At(56), heard); // however long the machine slept
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stall_WhileAnAgentIsStopping_ForceWaitsForTheRestOfItsGrace(bool machine)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("long", ttl: 600);
        await mesh.RegisterAsync("short", ttl: 600);
        await mesh.DeleteAsync("agents/long?grace=100");
        await mesh.DeleteAsync("agents/short?grace=12");
        await mesh.AdvanceAsync(10);
        Away(mesh.Time, TimeSpan.FromHours(1), machine);
        await mesh.AdvanceAsync(1);
        await mesh.AdvanceAsync(29);
        Assert.Equal(("stopping", "stopping"), (await mesh.StatusAsync("short"), await mesh.StatusAsync("long")));
        await mesh.AdvanceAsync(2);
        Assert.Equal(("dead", "stopping"), (await mesh.StatusAsync("short"), await mesh.StatusAsync("long")));
        await mesh.AdvanceAsync(57);
        Assert.Equal("stopping", await mesh.StatusAsync("long"));
        await mesh.AdvanceAsync(3);
        Assert.Equal("dead", await mesh.StatusAsync("long"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stall_BetweenTheFindingAndTheDecision_NobodyLapses(bool machine)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(60);
        await using (await HeldEngine.HoldAsync(mesh))
        {
            mesh.Time.Advance(TimeSpan.FromSeconds(1)); // found lapsed, and queued behind the hold
            Away(mesh.Time, TimeSpan.FromMinutes(10), machine);
        }

        await mesh.AdvanceAsync(1);
        Assert.Equal("alive", await mesh.StatusAsync("a"));
        Assert.Equal(2, mesh.Revision);
        await mesh.AdvanceAsync(62);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Wall_SetForward_IsNoStall()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BeatFor56SecondsAsync(mesh);
        mesh.Time.JumpWall(TimeSpan.FromHours(1));
        await mesh.AdvanceAsync(6);
        Assert.Equal(("suspect", "suspect"), (await mesh.StatusAsync("short"), await mesh.StatusAsync("long")));
        Assert.DoesNotContain(mesh.Log.Lines, l => l.Contains("The server was away", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MassExpiry_SpreadOverSeveralTicks_LapsesNoFasterThanPromised()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterManyAsync(mesh, 200, ttl: 30);
        for (var second = 0; second < 30; second++)
        {
            await mesh.AdvanceAsync(1);
            await BeatAsync(mesh, Enumerable.Range(0, 200).Where(i => i % 10 == second % 10)); // each every ten seconds
        }

        // From here on 120 are silent. Their leases lapse over ten seconds, twelve a second, beginning in twenty.
        for (var second = 30; second < 50; second++)
        {
            await mesh.AdvanceAsync(1);
            await BeatAsync(mesh, Enumerable.Range(120, 80).Where(i => i % 10 == second % 10));
        }

        Assert.Equal((200, false), await ReadyAsync(mesh));
        var (slowed, alive) = (false, 0);
        for (var second = 50; second < 62; second++)
        {
            await mesh.AdvanceAsync(1);
            await BeatAsync(mesh, Enumerable.Range(120, 80).Where(i => i % 10 == second % 10));
            (alive, var now) = await ReadyAsync(mesh);
            slowed |= now;
        }

        Assert.True(slowed, "expiry_slowed was never true");
        Assert.InRange(alive, 200 - 74, 200 - 34); // a sixth, and a sixtieth a second

        // All that stay silent are looked at again until they are suspect.
        for (var second = 62; second < 110; second++)
        {
            await mesh.AdvanceAsync(1);
            await BeatAsync(mesh, Enumerable.Range(120, 80).Where(i => i % 10 == second % 10));
        }

        Assert.Equal((80, false), await ReadyAsync(mesh));
    }

    [Fact]
    public async Task MassExpiry_DirectivesThatExpireAtOnce_AreNoLapses()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterManyAsync(mesh, 120, ttl: 600);
        var steers = Enumerable.Range(0, 120).Select(i => $$"""{"agent_id":"a{{i}}","direction":"north","ttl":5}""");
        await Task.WhenAll(steers.Select(steer => mesh.PostAsync("steer", steer)));
        await mesh.AdvanceAsync(6);
        Assert.Equal((120, false), await ReadyAsync(mesh));
        Assert.Equal(1 + 360, mesh.Revision);
    }

    [Fact]
    public async Task MassExpiry_OverASixthOfAHundredOrMore_SlowsDownAndSaysSo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterManyAsync(mesh, 120);
        await mesh.AdvanceAsync(60);
        Assert.Equal((120, false), await ReadyAsync(mesh));

        // A sixtieth of the fleet a second: 2 of 120.
        await mesh.AdvanceAsync(1);
        Assert.Equal((118, true), await ReadyAsync(mesh));
        await mesh.AdvanceAsync(1);
        Assert.Equal((116, true), await ReadyAsync(mesh));
        Assert.Contains(mesh.Log.Lines, l => l.Contains("120 leases of 120 would lapse at once", StringComparison.Ordinal));

        // Those that beat meanwhile never become suspect.
        (await BeatAsync(mesh, Enumerable.Range(0, 120))).ShouldBe(200, """{"epoch":1,"accepted":120,"refused":[],"pending":[]}""");
        await mesh.AdvanceAsync(1);
        Assert.Equal((120, false), await ReadyAsync(mesh));
    }

    [Fact]
    public async Task MassExpiry_GoesOnUntilAllAreSuspect()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterManyAsync(mesh, 103);
        await mesh.AdvanceAsync(61);
        Assert.Equal((102, true), await ReadyAsync(mesh));
        await mesh.AdvanceAsync(9); // those that lapsed a moment ago are still of the fleet
        Assert.Equal((93, true), await ReadyAsync(mesh));
        await mesh.AdvanceAsync(93);
        Assert.Equal((0, false), await ReadyAsync(mesh));
    }

    [Fact]
    public async Task MassExpiry_OfASixthOrOfASmallFleet_IsNotSlowed()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterManyAsync(mesh, 120);
        await mesh.AdvanceAsync(59);
        await BeatAsync(mesh, Enumerable.Range(20, 100));
        await mesh.AdvanceAsync(2);
        Assert.Equal((100, false), await ReadyAsync(mesh));
    }

    /// <summary>Leaves <c>long</c> (60 s, silent since 0) and <c>short</c> (5 s, last heard at 56).</summary>
    private static async Task BeatFor56SecondsAsync(MeshHost mesh)
    {
        await mesh.RegisterAsync("long", ttl: 60);
        await mesh.RegisterAsync("short", ttl: 5);
        for (var i = 0; i < 14; i++)
        {
            await mesh.AdvanceAsync(4);
            await mesh.PostAsync("agents/short/heartbeat");
        }
    }

    private static async Task RegisterManyAsync(MeshHost mesh, int count, int ttl = 60) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => mesh.RegisterAsync($"a{i}", ttl)));

    private static Task<Reply> BeatAsync(MeshHost mesh, IEnumerable<int> agents) =>
        mesh.PostAsync("heartbeats", $$"""{"agents":[{{string.Join(",", agents.Select(i => $"\"a{i}\""))}}]}""");

    private static void Away(FakeTime time, TimeSpan by, bool machine)
    {
        if (machine)
        {
            time.SuspendMachine(by);
        }
        else
        {
            time.Suspend(by);
        }
    }

    private static async Task<(int Alive, bool Slowed)> ReadyAsync(MeshHost mesh)
    {
        JsonNode ready = (await mesh.GetAsync("~/readyz", key: "")).Json;
        return (ready["alive"]!.GetValue<int>(), ready["expiry_slowed"]!.GetValue<bool>());
    }
}
