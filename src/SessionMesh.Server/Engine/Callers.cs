namespace SessionMesh.Server.Engine;

/// <summary>
/// Answers the callers of a batch on the thread pool, several a work item. To wake each by itself costs a work item, and often a
/// thread, for every call: with 64 connections that was a tenth of what a steer costs.
/// </summary>
internal sealed class Callers : IThreadPoolWorkItem
{
    /// <summary>Callers of one work item at most: behind one that takes its time, no more than so many wait.</summary>
    private const int Most = 16;

    private readonly WorkItem[] _items;

    private Callers(WorkItem[] items) => _items = items;

    /// <summary>Answers the first <paramref name="count"/> of them, soon and elsewhere.</summary>
    public static void Answer(List<WorkItem> items, int count)
    {
        // Every core gets some: what callers do next is to render and to write their answer.
        var size = Math.Clamp(count / (2 * Environment.ProcessorCount), 1, Most);
        for (var from = 0; from < count; from += size)
        {
            var some = new WorkItem[Math.Min(size, count - from)];
            items.CopyTo(from, some, 0, some.Length);
            ThreadPool.UnsafeQueueUserWorkItem(new Callers(some), preferLocal: false);
        }
    }

    public void Execute()
    {
        foreach (var item in _items)
        {
            item.Complete();
        }
    }
}
