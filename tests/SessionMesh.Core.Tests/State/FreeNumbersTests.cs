using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

/// <summary>Free numbers against a sorted set.</summary>
public sealed class FreeNumbersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomNumbers_TheLowestIsFoundFirst(int seed)
    {
        var random = new Random(seed);
        var (free, expected) = (new FreeNumbers(), new SortedSet<int>());
        for (var step = 0; step < 5_000; step++)
        {
            var below = random.Next(1, 5_000);
            if (random.Next(2) == 0)
            {
                var number = random.Next(random.Next(2) == 0 ? 5_000 : 100);
                expected.Add(number);
                free.Set(number, free: true);
            }
            else if (free.Next(0, 5_000) is >= 0 and var lowest)
            {
                expected.Remove(lowest);
                free.Set(lowest, free: false);
            }

            var from = random.Next(below);
            Assert.Equal(expected.GetViewBetween(from, below - 1).Select(n => (int?)n).FirstOrDefault() ?? -1, free.Next(from, below));
            Assert.Equal(expected.Select(n => (int?)n).FirstOrDefault() ?? -1, free.Next(0, 5_000));
            Assert.Equal(expected.Count, free.Count);
        }
    }
}
