using SessionMesh.Core.Leases;

namespace SessionMesh.Core.Tests.Leases;

/// <summary>The wheel against the obvious: a list of deadlines that is searched whole.</summary>
public sealed class LeaseWheelTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void RandomDeadlines_EachComesUpOnce_NotEarly_AndWithinTwoTicks(int seed)
    {
        var random = new Random(seed);
        var (wheel, entries, due) = (new LeaseWheel<Entry>(), NewEntries(200), new Dictionary<int, long>());
        var now = 0L;
        for (var step = 0; step < 3_000; step++)
        {
            for (var i = 0; i < 3; i++)
            {
                var number = random.Next(200);
                var at = now + (random.Next(4) == 0 ? random.NextInt64(0, 400_000_000) : random.NextInt64(0, 90_000));
                wheel.Schedule(entries[number], at);
                due[number] = due.TryGetValue(number, out var before) ? Math.Min(before, at) : at;
            }

            Assert.Equal(due.Count, wheel.Count); // an entry is in one place, however often it was scheduled
            if (random.Next(5) == 0 && due.Count > 0)
            {
                var gone = due.Keys.ElementAt(random.Next(due.Count));
                wheel.Remove(entries[gone]);
                due.Remove(gone);
            }

            now += random.Next(30) == 0 ? random.NextInt64(60_000, 10_000_000) : random.Next(500, 2_500);
            var found = new List<Entry>();
            wheel.CollectDue(now, found);
            var taken = found.ConvertAll(entry => entry.Number);

            Assert.Equal(taken.Count, taken.Distinct().Count());
            foreach (var number in taken)
            {
                Assert.True(due.Remove(number, out var at), $"seed {seed}: {number} came up twice");
                Assert.True(at <= now, $"seed {seed}: {number} came up {at - now} ms early");
            }

            Assert.DoesNotContain(due, entry => entry.Value < now - (2 * LeaseWheel<Entry>.TickMilliseconds));
        }
    }

    [Fact]
    public void EarlierDeadline_OvertakesTheLaterOne()
    {
        var (wheel, entry) = (new LeaseWheel<Entry>(), new Entry(0));
        wheel.Schedule(entry, 100_000);
        wheel.Schedule(entry, 5_000);

        var taken = new List<Entry>();
        wheel.CollectDue(7_000, taken);
        Assert.Same(entry, Assert.Single(taken));

        taken.Clear();
        wheel.CollectDue(200_000, taken);
        Assert.Empty(taken);
    }

    [Fact]
    public void EntryThatIsWantedEarlierAgainAndAgain_LeavesNothingBehind()
    {
        var (wheel, entry, taken) = (new LeaseWheel<Entry>(), new Entry(0), new List<Entry>());
        for (var now = 0L; now < 1_000_000; now += 10_000)
        {
            wheel.Schedule(entry, now + (7 * 86_400_000L)); // a long lease
            wheel.Schedule(entry, now + 5_000); // registered again with a short one
            Assert.Equal(1, wheel.Count);
            wheel.CollectDue(now + 9_000, taken);
            Assert.Equal(0, wheel.Count);
        }

        Assert.Equal(100, taken.Count);
    }

    private static List<Entry> NewEntries(int count) => [.. Enumerable.Range(0, count).Select(number => new Entry(number))];

    private sealed class Entry(int number) : ITimed
    {
        public int Number => number;
        public int DueTick { get; set; } = int.MaxValue;
        public short Bucket { get; set; } = -1;
        public ITimed? Next { get; set; }
        public ITimed? Previous { get; set; }
    }
}
