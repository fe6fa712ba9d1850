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
    [InlineData(99, 99, 99)]
    [InlineData(100, 600, 100)]
    [InlineData(101, 600, 10)]
    [InlineData(600, 600, 10)]
    [InlineData(100, 100, 1)]
    public void LapsesPerTick_MoreThanASixthOfAFleet_SlowsDown(int lapsed, int alive, int most) =>
        Assert.Equal(most, LeasePolicy.LapsesPerTick(lapsed, alive));
}
