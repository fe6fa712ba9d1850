using SessionMesh.Dashboard.Charts;

namespace SessionMesh.Dashboard.Tests.Charts;

public sealed class LineTests
{
    [Fact]
    public void Line_ReachesFromZeroToTheLargest_AndEndsAtTheRight()
    {
        Assert.Equal("", LineGeometry.PathOf([], 60));
        Assert.Equal("M240 0h0.1", LineGeometry.PathOf([7], 60));
        Assert.Equal("M0 40L120 20L240 0", LineGeometry.PathOf([0, 2, 4], 3));
        Assert.Equal("M120 40L240 40", LineGeometry.PathOf([0, 0], 3));
    }
}
