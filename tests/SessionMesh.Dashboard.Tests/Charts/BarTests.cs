using SessionMesh.Dashboard.Charts;

namespace SessionMesh.Dashboard.Tests.Charts;

public sealed class BarTests
{
    [Fact]
    public void Bars_ReachFromZeroToTheLargest_AndEndAtTheRight()
    {
        Assert.Equal("", BarGeometry.PathOf([], 60));
        Assert.Equal("", BarGeometry.PathOf([0, 0], 3));
        Assert.Equal("M236 40v-40h3v40z", BarGeometry.PathOf([7], 60));
        Assert.Equal("M80 40v-20h60v20zM160 40v-40h60v40z", BarGeometry.PathOf([0, 2, 4], 3));
    }
}
