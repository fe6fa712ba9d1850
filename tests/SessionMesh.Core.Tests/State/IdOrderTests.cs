using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

public sealed class IdOrderTests
{
    public static TheoryData<int, int> Runs() => new()
    {
        { 1, 40 }, { 2, 3000 }, { 3, 3000 }, { Random.Shared.Next(), 3000 },
    };

    /// <summary>Ids that come and go, near each other or not, and every place to go on from: the order is that of a sorted set.</summary>
    [Theory]
    [MemberData(nameof(Runs))]
    public void RandomChanges_AgreeWithASortedSet(int seed, int names)
    {
        var random = new Random(seed);
        var slots = new Dictionary<string, AgentSlot>(StringComparer.Ordinal);
        var model = new SortedSet<string>(StringComparer.Ordinal);
        var order = new IdOrder();
        if (random.Next(2) == 0)
        {
            for (var i = 0; i < names; i++)
            {
                model.Add(Name(random, names));
            }

            order.Load([.. model.OrderBy(_ => random.Next()).Select(Slot)]);
        }

        for (var step = 0; step < 20_000; step++)
        {
            var id = Name(random, names);
            if (random.Next(3) > 0 && model.Add(id))
            {
                order.Add(Slot(id));
            }
            else if (model.Remove(id))
            {
                order.Remove(Slot(id));
            }

            if (step % 1000 == 0)
            {
                var from = Name(random, names);
                Assert.Equal(model.Where(name => string.CompareOrdinal(name, from) > 0), Ids(order.After(from)));
                Assert.Equal(model.Where(name => string.CompareOrdinal(name, from) >= 0), Ids(order.From(from)));
                Assert.Equal(model.Reverse().Where(name => string.CompareOrdinal(name, from) < 0), Ids(order.Before(from)));
            }
        }

        Assert.Equal(model, Ids(order.After(null)));
        Assert.Equal(model.Reverse(), Ids(order.Before(null)));
        foreach (var id in model.ToList())
        {
            order.Remove(Slot(id));
        }

        Assert.Empty(order.After(null));
        Assert.Empty(order.Before("z"));

        AgentSlot Slot(string id) => slots.TryGetValue(id, out var slot) ? slot
            : slots[id] = new AgentSlot(new Agent { Number = 0, Id = id, Cluster = "default" });
    }

    /// <summary>Ids that only grow fill their chunks: half-empty ones would cost twice the memory.</summary>
    [Fact]
    public void GrowingIds_AreInOrder()
    {
        var order = new IdOrder();
        for (var i = 0; i < 5 * IdOrder.MostInChunk; i++)
        {
            order.Add(new AgentSlot(new Agent { Number = i, Id = $"a{i:D6}", Cluster = "default" }));
        }

        Assert.Equal(Enumerable.Range(0, 5 * IdOrder.MostInChunk), order.After(null).Select(slot => slot.Agent.Number));
    }

    /// <summary>A reader under way while the writer adds and removes: what stays is met once, and in order.</summary>
    [Fact]
    public async Task Reading_WhileTheWriterChangesIt_MeetsWhatStaysOnce()
    {
        var order = new IdOrder();
        var staying = Enumerable.Range(0, 4000).Select(i => $"s{i:D6}").ToList();
        order.Load([.. staying.Select((id, i) => new AgentSlot(new Agent { Number = i, Id = id, Cluster = "default" }))]);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(() =>
        {
            var random = new Random(7);
            var guests = new Dictionary<string, AgentSlot>(StringComparer.Ordinal);
            while (!stop.IsCancellationRequested)
            {
                var id = $"s{random.Next(4000):D6}.guest{random.Next(3)}";
                if (guests.Remove(id, out var guest))
                {
                    order.Remove(guest);
                }
                else
                {
                    order.Add(guests[id] = new AgentSlot(new Agent { Number = 9999, Id = id, Cluster = "default" }));
                }
            }
        });
        for (var round = 0; round < 200; round++)
        {
            var up = Ids(order.After(null)).ToList();
            Assert.Equal(staying, up.Where(id => !id.Contains("guest", StringComparison.Ordinal)));
            Assert.Equal(up.Order(StringComparer.Ordinal), up);
            var down = Ids(order.Before(null)).Where(id => !id.Contains("guest", StringComparison.Ordinal));
            Assert.Equal(staying, down.Reverse());
        }

        await stop.CancelAsync();
        await writing;
    }

    private static string Name(Random random, int names) => $"a{random.Next(names)}";

    private static IEnumerable<string> Ids(IEnumerable<AgentSlot> slots) => slots.Select(slot => slot.Agent.Id);
}
