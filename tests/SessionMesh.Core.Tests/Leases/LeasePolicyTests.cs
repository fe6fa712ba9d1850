using SessionMesh.Core.Leases;

namespace SessionMesh.Core.Tests.Leases;

public sealed class LeasePolicyTests
{
    [Theory]
    [InlineData(60, 0, 60)]
    [InlineData(60, 200_000, 60)]
    [InlineData(60, 1_000_000, 300)]
    [InlineData(3600, 1_000_000, 3600)]
    public void Grant_LargeFleet_StretchesTheLeaseWithTheBeat(int ttl, int alive, int granted) =>
        Assert.Equal(granted, LeasePolicy.Grant(ttl, alive));

    [Theory]
    [InlineData(60, 0.0, 20)]
    [InlineData(60, 1.0, 16)]
    [InlineData(5, 1.0, 1)]
    [InlineData(1, 0.5, 1)]
    public void NextBeat_IsAThirdLessUpToAFifth_AndNeverZero(int ttl, double random, int seconds) =>
        Assert.Equal(seconds, LeasePolicy.NextBeat(ttl, random));

    [Theory]
    [InlineData(99, 0, 99, 99)]
    [InlineData(100, 0, 600, 100)]
    [InlineData(101, 0, 600, 10)]
    [InlineData(600, 0, 600, 10)]
    [InlineData(100, 0, 100, 1)]
    [InlineData(12, 88, 512, 12)] // 100 of 600
    [InlineData(13, 88, 512, 10)]
    [InlineData(9, 500, 100, 9)] // a trickle, however long it lasts
    [InlineData(50, 60, 50, 1)] // 110 before any of them lapsed
    public void LapsesPerTick_MoreThanASixthOfAFleet_SlowsDown(int due, int before, int alive, int most) =>
        Assert.Equal(most, LeasePolicy.LapsesPerTick(due, before, alive));
}
