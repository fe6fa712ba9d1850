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
        await mesh.PostAsync("agents/long/heartbeat", """{"activity":"working","load":0.25,"progress":7,"progress_interval":60,"note":"n"}""");
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
        Assert.Contains(mesh.Log.Lines, l => l.StartsWith("Warning", StringComparison.Ordinal) && l.Contains("The server was away for 6 s", StringComparison.Ordinal));
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

    [Fact]
    public async Task MassExpiry_OverASixthOfAHundredOrMore_SlowsDownAndSaysSo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterManyAsync(mesh, 120);
        await mesh.AdvanceAsync(60);
        Assert.Equal((120, false), await ReadyAsync(mesh));

        // A sixtieth a second, while it is a fleet of a hundred or more: 2 of 120, then 1, 1, 1…
        await mesh.AdvanceAsync(1);
        Assert.Equal((118, true), await ReadyAsync(mesh));
        await mesh.AdvanceAsync(1);
        Assert.Equal((117, true), await ReadyAsync(mesh));
        Assert.Contains(mesh.Log.Lines, l => l.Contains("120 leases of 120 would lapse at once", StringComparison.Ordinal));

        // Those that beat meanwhile never become suspect.
        var beat = await mesh.PostAsync("heartbeats", $$"""{"agents":[{{string.Join(",", Enumerable.Range(0, 120).Select(i => $"\"a{i}\""))}}]}""");
        beat.ShouldBe(200, """{"epoch":1,"accepted":120,"refused":[],"pending":[]}""");
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
        await mesh.AdvanceAsync(3);
        Assert.Equal((99, true), await ReadyAsync(mesh));
        await mesh.AdvanceAsync(1); // below a hundred nothing is held back
        Assert.Equal((0, false), await ReadyAsync(mesh));
    }

    [Fact]
    public async Task MassExpiry_OfASixthOrOfASmallFleet_IsNotSlowed()
    {
        await using var mesh = await MeshHost.StartAsync();
        await RegisterManyAsync(mesh, 120);
        await mesh.AdvanceAsync(59);
        var rest = string.Join(",", Enumerable.Range(20, 100).Select(i => $"\"a{i}\""));
        await mesh.PostAsync("heartbeats", $$"""{"agents":[{{rest}}]}""");
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

    private static async Task RegisterManyAsync(MeshHost mesh, int count) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => mesh.RegisterAsync($"a{i}")));

    private static async Task<(int Alive, bool Slowed)> ReadyAsync(MeshHost mesh)
    {
        JsonNode ready = (await mesh.GetAsync("~/readyz", key: "")).Json;
        return (ready["alive"]!.GetValue<int>(), ready["expiry_slowed"]!.GetValue<bool>());
    }
}
