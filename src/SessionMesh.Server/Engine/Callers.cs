namespace SessionMesh.Server.Engine;

/// <summary>
/// Answers the callers of a batch on the thread pool, several to a work item. Waking each one by itself costs a work item, and often a
/// thread, for every call: with 64 connections that was a tenth of the cost of a steer.
/// </summary>
internal sealed class Callers : IThreadPoolWorkItem
{
    /// <summary>Maximum number of callers in a work item. They run in sequence, so a slow one delays at most this many.</summary>
    private const int Most = 16;

    private readonly WorkItem[] _items;

    private Callers(WorkItem[] items) => _items = items;

    /// <summary>Queues the answers to the first <paramref name="count"/> items on the pool.</summary>
    public static void Answer(List<WorkItem> items, int count)
    {
        // Spread over the cores: each caller goes on to render and write its answer.
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
