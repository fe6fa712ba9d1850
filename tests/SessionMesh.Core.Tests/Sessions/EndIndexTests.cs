using SessionMesh.Core.Sessions;
using SessionMesh.Core.State;
using SessionMesh.Core.Tests.State;

namespace SessionMesh.Core.Tests.Sessions;

public sealed class EndIndexTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Entries_AddedAndRemovedAnyhow_StayInOrder(int seed)
    {
        var random = new Random(seed);
        var (index, model) = (new EndIndex(), new List<(long At, RevisionSlot<Session> Slot)>());
        for (var step = 0; step < 20_000; step++)
        {
            if (model.Count > 0 && random.Next(step < 12_000 ? 4 : 1) == 0)
            {
                var at = random.Next(model.Count);
                index.Remove(model[at].At, model[at].Slot);
                model.RemoveAt(at);
            }
            else
            {
                (long At, RevisionSlot<Session> Slot) added = (random.Next(5_000), new RevisionSlot<Session>(step, Session(step)));
                index.Add(added.At, added.Slot);
                model.Add(added);
            }

            if (step % 1000 == 999)
            {
                Assert.Equal(model.Count, index.Count);
                Assert.Equal(model.OrderBy(entry => entry.At).ThenBy(entry => entry.Slot.Revision), index.InOrder());
            }
        }
    }

    [Fact]
    public void Entries_ThatComeInOrder_FillTheirRuns()
    {
        Add(new EndIndex(), 1_000);
        var index = new EndIndex();
        var slots = Enumerable.Range(0, 100_000).Select(n => new RevisionSlot<Session>(n, Session(n))).ToList();
        var before = GC.GetAllocatedBytesForCurrentThread();
        slots.ForEach(slot => index.Add(slot.Revision, slot));
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(bytes < 20 * slots.Count, $"{bytes} bytes");

        static void Add(EndIndex index, int count) =>
            Enumerable.Range(0, count).ToList().ForEach(n => index.Add(n, new RevisionSlot<Session>(n, Session(n))));
    }

    private static Session Session(long revision) =>
        new() { Revision = revision, Id = "", User = "", CreatedAt = 0, LastAccess = 0, Version = revision };
}
