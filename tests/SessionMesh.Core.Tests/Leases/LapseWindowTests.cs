using SessionMesh.Core.Leases;

namespace SessionMesh.Core.Tests.Leases;

/// <summary>The window against the obvious: a list of times that is counted whole.</summary>
public sealed class LapseWindowTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomLapses_AreCountedForAsLongAsIsAsked(int seed)
    {
        var random = new Random(seed);
        var (window, times, now) = (new LapseWindow(), new List<long>(), 0L);
        for (var step = 0; step < 2000; step++)
        {
            now += random.Next(20) == 0 ? random.Next(1_000_000) : random.Next(3000);
            for (var i = random.Next(3); i > 0; i--)
            {
                window.Count(now);
                times.Add(now);
            }

            var seconds = random.Next(1, 400);
            var since = (now / 1000) - Math.Min(seconds, LapseWindow.Longest);
            Assert.Equal(times.Count(at => (at / 1000) > since), window.Within(seconds, now));
        }
    }
}
