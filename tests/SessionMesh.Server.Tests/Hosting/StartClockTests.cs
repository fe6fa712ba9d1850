using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hosting;

/// <summary>A start with a clock that cannot be right.</summary>
public sealed class StartClockTests
{
    private const int Years = 73 * 365;

    [Fact]
    public async Task Start_WithAClockOf2099_IsRefusedAndTheStoreIsAsItWas()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("sessions", """{"id":"s","ttl":3600}""");
        var revision = mesh.Revision;
        var refused = await Assert.ThrowsAsync<StartupException>(() => mesh.RestartAsync(TimeSpan.FromDays(Years)));
        Assert.Equal(
            "The system clock says 2099-01-13 08:15:30Z, and the last change in this store is from 2026-01-31 08:15:30Z, "
            + "26645 days before that. Set the clock and start again. "
            + "If the clock is right, say --accept-clock: "
            + "sessions and keys that have expired by it end, and what is older than is kept is removed.",
            refused.Message);
        await mesh.RestartAsync(TimeSpan.FromDays(-Years));
        await mesh.AdvanceAsync(2);
        Assert.Equal(revision, mesh.Revision);
        Assert.Equal("active", (await mesh.GetAsync("sessions/s")).Json["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Start_WithAClockOf1970_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        var refused = await Assert.ThrowsAsync<StartupException>(() => mesh.RestartAsync(DateTimeOffset.UnixEpoch - FakeTime.Start));
        Assert.Equal(
            "The system clock says 1970-01-01 00:00:00Z, and the last change in this store is from 2026-01-31 08:15:30Z, "
            + "20484 days after that. Set the clock and start again. "
            + "If the clock is right, say --accept-clock: "
            + "the mesh then goes on from the time of that change; or restore a backup from before it.",
            refused.Message);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(-301)]
    [InlineData(365)]
    [InlineData(-365)]
    public async Task Start_FarFromTheLastChange_IsRefusedUnlessItIsAcceptedDeliberately(int days)
    {
        await using var mesh = await MeshHost.StartAsync();
        await Assert.ThrowsAsync<StartupException>(() => mesh.RestartAsync(TimeSpan.FromDays(days)));

        await using var accepting = await MeshHost.StartAsync(options: "--accept-clock");
        await accepting.RestartAsync(TimeSpan.FromDays(days));
        var created = (await accepting.RegisterAsync("a")).Json["created_at"]!.GetValue<DateTimeOffset>();
        Assert.Equal(days > 0 ? FakeTime.Start.AddDays(days) : FakeTime.Start, created);
        await accepting.AdvanceAsync(61); // nothing stands still
        Assert.Equal("suspect", await accepting.StatusAsync("a"));
    }

    [Theory]
    [InlineData(299)]
    [InlineData(-299)]
    public async Task Start_MonthsFromTheLastChange_IsTaken(int days)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RestartAsync(TimeSpan.FromDays(days));
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Start_WithABackupOfYearsAgo_IsTaken()
    {
        await using var mesh = await MeshHost.StartAsync();
        using var request = mesh.Request(HttpMethod.Post, "admin/restore");
        request.Content = new ByteArrayContent((await mesh.PostAsync("admin/backup")).Bytes);
        Assert.Equal(202, (await mesh.SendAsync(request)).Status);
        await mesh.RestartAsync(TimeSpan.FromDays(800));
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }
}
