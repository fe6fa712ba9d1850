using System.Collections.Concurrent;

namespace SessionMesh.Server.Engine;

/// <summary>
/// The bounded queue in front of the engine: many producers, one consumer that sleeps only when there is nothing. Full, it
/// refuses at once, so that a caller can say "busy" instead of waiting without an end.
/// </summary>
internal sealed class WorkQueue(int capacity) : IDisposable
{
    private readonly ConcurrentQueue<WorkItem> _items = new();
    private readonly SemaphoreSlim _wake = new(0);
    private int _count;
    private int _sleeping;
    private volatile bool _closed;

    public int Count => Volatile.Read(ref _count);

    public bool TryAdd(WorkItem item)
    {
        if (_closed || Interlocked.Increment(ref _count) > capacity)
        {
            if (!_closed)
            {
                Interlocked.Decrement(ref _count);
            }

            return false;
        }

        _items.Enqueue(item);
        if (Interlocked.Exchange(ref _sleeping, 0) == 1)
        {
            _wake.Release();
        }

        return true;
    }

    /// <summary>Takes what is there, up to <paramref name="most"/>, and waits only while that is nothing. False once closed and empty.</summary>
    public bool Take(List<WorkItem> into, int most)
    {
        while (true)
        {
            while (into.Count < most && _items.TryDequeue(out var item))
            {
                into.Add(item);
            }

            if (into.Count > 0)
            {
                Interlocked.Add(ref _count, -into.Count);
                return true;
            }

            if (_closed)
            {
                return false;
            }

            // Announce the sleep, then look again: an item added in between either is seen here or wakes us.
            Interlocked.Exchange(ref _sleeping, 1);
            if (_items.IsEmpty && !_closed)
            {
                _wake.Wait();
            }

            Interlocked.Exchange(ref _sleeping, 0);
        }
    }

    public void Close()
    {
        _closed = true;
        _wake.Release();
    }

    public void Dispose() => _wake.Dispose();
}
