using SessionMesh.Server.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>The two clocks by themselves, and the one that tells whether the server was away.</summary>
public sealed class MeshClockTests
{
    [Fact]
    public void Suspend_TheLeaseClockGoesOnWhereTheUptimeIsKnown_AndStandsStillElsewhere()
    {
        foreach (var known in new[] { true, false })
        {
            var time = new FakeTime { KnowsUptime = known };
            var clock = new MeshClock(time);
            time.Advance(TimeSpan.FromSeconds(5));
            time.SuspendMachine(TimeSpan.FromHours(1));
            Assert.Equal(known, clock.KnowsSuspends);
            var wall = FakeTime.Start + TimeSpan.FromSeconds(3605);
            Assert.Equal(new(wall.ToUnixTimeMilliseconds(), known ? 3_605_000 : 5000), clock.Now());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomSteps_NeitherClockGoesBackNorStandsStill(int seed)
    {
        var random = new Random(seed);
        var time = new FakeTime();
        var clock = new MeshClock(time);
        var last = clock.Now();
        for (var step = 0; step < 5000; step++)
        {
            var passed = random.Next(1, 5000);
            time.Suspend(TimeSpan.FromMilliseconds(passed));
            if (random.Next(50) == 0)
            {
                time.JumpWall(TimeSpan.FromSeconds(random.Next(-90_000, 90_000)));
            }

            var now = random.Next(100) == 0 ? clock.NotBefore(last.Wall + 10) : clock.Now();
            var raw = time.GetUtcNow().ToUnixTimeMilliseconds();
            Assert.Equal(passed, now.Lease - last.Lease);
            var gained = now.Wall - last.Wall;
            Assert.True(gained >= (passed * 99 / 100) - 1, $"seed {seed}, step {step}: the log's clock went on by {gained} of {passed} ms");
            Assert.True(now.Wall >= raw, $"seed {seed}, step {step}: it is behind the wall");
            last = now;
        }

        // They meet again.
        time.Suspend(TimeSpan.FromDays(5000));
        time.Suspend(TimeSpan.FromMilliseconds(1));
        Assert.Equal(time.GetUtcNow().ToUnixTimeMilliseconds(), clock.Now().Wall);
    }

    [Theory]
    [InlineData(6000, 0, null)] // late by five seconds
    [InlineData(6001, 0, "5001 5001")]
    [InlineData(1000, 3600_000, "3600000 3600000")] // suspended
    [InlineData(1000, -1, null)] // the clock was set forward an hour
    public void Stall_WhereTheUptimeIsKnown_IsALateLookAndNothingElse(int passed, int suspended, string? absence) =>
        Assert.Equal(absence, Look(new FakeTime(), passed, suspended));

    [Theory]
    [InlineData(6000, 0, null)]
    [InlineData(6001, 0, "5001 5001")]
    [InlineData(1000, 3600_000, "3600000 0")] // suspended, or set forward: nobody can tell
    [InlineData(1000, -1, "3600000 0")]
    public void Stall_WhereTheUptimeIsNotKnown_IsAWallThatGained(int passed, int suspended, string? absence) =>
        Assert.Equal(absence, Look(new FakeTime { KnowsUptime = false }, passed, suspended));

    [Fact]
    public void Stall_WallSetBack_IsNone()
    {
        foreach (var known in new[] { true, false })
        {
            var time = new FakeTime { KnowsUptime = known };
            var clock = new MeshClock(time);
            var watch = new StallWatch(clock);
            time.Suspend(TimeSpan.FromSeconds(1));
            time.JumpWall(TimeSpan.FromHours(-1));
            Assert.Null(watch.Look(clock.Now()));
            time.Suspend(TimeSpan.FromSeconds(1));
            Assert.Null(watch.Look(clock.Now()));
        }
    }

    [Fact]
    public void MachineTime_OnLinux_KnowsItsUptime()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Null(MachineTime.Instance.Uptime);
            return;
        }

        var up = File.ReadAllText("/proc/uptime").Split(' ')[0];
        var (before, after) = (MachineTime.Instance.Uptime!.Value, MachineTime.Instance.Uptime!.Value);
        Assert.True(before <= after);
        Assert.InRange(before.TotalSeconds, double.Parse(up, System.Globalization.CultureInfo.InvariantCulture) - 1, double.MaxValue);
        Assert.True(new MeshClock(MachineTime.Instance).KnowsSuspends);
    }

    /// <param name="suspended">Milliseconds; -1 for a wall that is set forward an hour instead.</param>
    private static string? Look(FakeTime time, int passed, int suspended)
    {
        var clock = new MeshClock(time);
        var watch = new StallWatch(clock);
        time.Suspend(TimeSpan.FromMilliseconds(passed));
        if (suspended < 0)
        {
            time.JumpWall(TimeSpan.FromHours(1));
        }
        else
        {
            time.SuspendMachine(TimeSpan.FromMilliseconds(suspended));
        }

        return watch.Look(clock.Now()) is { } absence ? $"{absence.Length} {absence.OnLeaseClock}" : null;
    }
}
