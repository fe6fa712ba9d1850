using System.Collections.Concurrent;

namespace SessionMesh.Server.Engine;

/// <summary>
/// The bounded queue in front of the engine: many producers, and one consumer that sleeps only when the queue is empty. When full it
/// refuses at once, so that a caller can answer "busy" instead of waiting forever. Every item that it accepted is answered, even across a
/// close.
/// </summary>
/// <param name="capacity">Commands.</param>
/// <param name="bytes">Limit of their total weight. An empty queue accepts a command of any weight.</param>
internal sealed class WorkQueue(int capacity, long bytes) : IDisposable
{
    /// <summary>Batches that may go before a piece of upkeep: on a server that is never idle, upkeep must still run.</summary>
    public const int MostPassedOver = 64;

    private readonly ConcurrentQueue<WorkItem> _items = new();
    private readonly ConcurrentQueue<UpkeepItem> _upkeep = new();
    private readonly SemaphoreSlim _wake = new(0);
    private int _count;
    private long _weight;
    private int _sleeping;
    private int _passedOver;
    private int _nudged;
    private volatile bool _closed;
    private volatile bool _ended;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether the consumer sleeps with nothing to do: all that was added before this is done.</summary>
    public bool IsIdle => Volatile.Read(ref _sleeping) == 1 && _items.IsEmpty && _upkeep.IsEmpty;

    /// <summary>Total weight of the queued commands.</summary>
    public long Weight => Volatile.Read(ref _weight);

    public bool TryAdd(WorkItem item)
    {
        if (_closed)
        {
            return false;
        }

        var count = Interlocked.Increment(ref _count);
        var weight = Interlocked.Add(ref _weight, item.Weight);
        if (count > capacity || (weight > bytes && count > 1))
        {
            Forget(1, item.Weight);
            return false;
        }

        _items.Enqueue(item);
        Wake();
        if (_ended)
        {
            Refuse(); // the consumer may have left between the check of _closed and the enqueue
        }

        return true;
    }

    /// <summary>Queues a piece of upkeep, behind every command. After <see cref="Close"/> it is cancelled.</summary>
    public void Add(UpkeepItem item)
    {
        _upkeep.Enqueue(item);
        Wake();
        if (_closed)
        {
            item.Cancel(); // harmless if Dispose does it too
        }
    }

    /// <summary>Makes the next <see cref="Take"/> return, with nothing if nothing waits.</summary>
    public void Nudge()
    {
        Volatile.Write(ref _nudged, 1);
        Wake();
    }

    /// <summary>
    /// The piece of upkeep whose turn it is, if any: when no command waits, or after <see cref="MostPassedOver"/> batches went before it.
    /// The consumer asks after each batch.
    /// </summary>
    public UpkeepItem? TakeUpkeep()
    {
        if (_upkeep.IsEmpty || (!_items.IsEmpty && ++_passedOver < MostPassedOver))
        {
            return null;
        }

        _passedOver = 0;
        return _upkeep.TryDequeue(out var item) ? item : null;
    }

    /// <summary>
    /// Takes what is queued, up to <paramref name="most"/>. Waits only while there is neither a command nor upkeep, and returns without
    /// items if there is only upkeep, or after a <see cref="Nudge"/>. False once closed and empty.
    /// </summary>
    public bool Take(List<WorkItem> into, int most)
    {
        while (true)
        {
            var weight = 0L;
            while (into.Count < most && _items.TryDequeue(out var item))
            {
                into.Add(item);
                weight += item.Weight;
            }

            if (into.Count > 0)
            {
                Forget(into.Count, weight);
                return true;
            }

            if (_closed)
            {
                return false;
            }

            if (!_upkeep.IsEmpty || Interlocked.Exchange(ref _nudged, 0) == 1)
            {
                return true;
            }

            // Announce the sleep, then look again: an item added in between is either seen here or wakes us.
            Interlocked.Exchange(ref _sleeping, 1);
            if (_items.IsEmpty && _upkeep.IsEmpty && Volatile.Read(ref _nudged) == 0 && !_closed)
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

    /// <summary>
    /// Refuses what came too late for the consumer, and cancels the remaining upkeep. Call it after the consumer has ended.
    /// </summary>
    public void Dispose()
    {
        _ended = true;
        Refuse();
        while (_upkeep.TryDequeue(out var item))
        {
            item.Cancel();
        }

        _wake.Dispose();
    }

    private void Refuse()
    {
        while (_items.TryDequeue(out var item))
        {
            item.Fail(Refusals.GoingAway());
            Callers.Answer([item], 1);
        }
    }

    private void Forget(int count, long weight)
    {
        Interlocked.Add(ref _count, -count);
        Interlocked.Add(ref _weight, -weight);
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) == 1)
        {
            _wake.Release();
        }
    }
}
