namespace SessionMesh.Core.Leases;

/// <summary>
/// The timing structure of every lease: a hierarchical wheel of buckets, four levels of 64, a tick a second, reaching
/// 194 days. It is lazy: a heartbeat moves nothing here. When an entry's bucket comes up, the caller looks whether anything
/// is really due and schedules it again if not, so that a beat costs a memory write and an entry costs one look a
/// TTL. A bucket is a list through its entries: each is in one bucket at most, and one that is wanted earlier, or not at all, leaves
/// the bucket it was in, so that the wheel holds what is there and nothing else. Thread-safe.
/// </summary>
public sealed class LeaseWheel<T> where T : class, ITimed
{
    /// <summary>Milliseconds a tick.</summary>
    public const int TickMilliseconds = 1000;

    private const int Bits = 6;
    private const int Buckets = 1 << Bits;
    private const int Levels = 4;

    private readonly Lock _gate = new();
    private readonly ITimed?[] _buckets = new ITimed?[Levels * Buckets];
    private int _now;

    /// <summary>Entries in all buckets, counted one by one.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                var count = 0;
                foreach (var first in _buckets)
                {
                    for (var entry = first; entry is not null; entry = entry.Next)
                    {
                        count++;
                    }
                }

                return count;
            }
        }
    }

    /// <summary>
    /// Looks at it no later than two ticks after <paramref name="at"/> (milliseconds on this wheel's clock); earlier if that was asked
    /// before.
    /// </summary>
    public void Schedule(T entry, long at)
    {
        var tick = TickAfter(at);
        lock (_gate)
        {
            if (tick < entry.DueTick)
            {
                Unlink(entry);
                entry.DueTick = tick;
                Place(entry, tick);
            }
        }
    }

    /// <summary>Does not look at it any more, until it is scheduled again.</summary>
    public void Remove(T entry)
    {
        lock (_gate)
        {
            Unlink(entry);
            entry.DueTick = int.MaxValue;
        }
    }

    /// <summary>Takes out every entry whose tick has come, up to <paramref name="now"/> on this wheel's clock.</summary>
    public void CollectDue(long now, List<T> due)
    {
        var until = (int)Math.Min(int.MaxValue - 1, now / TickMilliseconds);
        lock (_gate)
        {
            while (_now < until)
            {
                _now++;
                Cascade();
                Take(due);
            }
        }
    }

    private static int TickAfter(long at) => (int)Math.Clamp((at / TickMilliseconds) + 1, 0, int.MaxValue - 1);

    private void Take(List<T> due)
    {
        for (var entry = Empty(_now & (Buckets - 1)); entry is not null;)
        {
            var next = Detach(entry);
            entry.DueTick = int.MaxValue;
            due.Add((T)entry);
            entry = next;
        }
    }

    /// <summary>When a level has gone round, the next bucket of the level above is spread over it.</summary>
    private void Cascade()
    {
        for (var level = 1; level < Levels && (_now & ((1 << (Bits * level)) - 1)) == 0; level++)
        {
            for (var entry = Empty((level * Buckets) + ((_now >> (Bits * level)) & (Buckets - 1))); entry is not null;)
            {
                var next = Detach(entry);
                Place(entry, entry.DueTick);
                entry = next;
            }
        }
    }

    private void Place(ITimed entry, int tick)
    {
        var at = Math.Max(tick, _now + 1);
        var distance = at - _now;
        var level = 0;
        while (level < Levels - 1 && distance >= 1 << (Bits * (level + 1)))
        {
            level++;
        }

        // Farther than the wheel reaches: wait in the farthest bucket and be placed again from there.
        at = Math.Min(at, _now + (1 << (Bits * Levels)) - 1);
        var bucket = (level * Buckets) + ((at >> (Bits * level)) & (Buckets - 1));
        if (_buckets[bucket] is { } first)
        {
            first.Previous = entry;
            entry.Next = first;
        }

        entry.Bucket = (short)bucket;
        _buckets[bucket] = entry;
    }

    private void Unlink(ITimed entry)
    {
        if (entry.Bucket < 0)
        {
            return;
        }

        if (entry.Previous is { } previous)
        {
            previous.Next = entry.Next;
        }
        else
        {
            _buckets[entry.Bucket] = entry.Next;
        }

        if (entry.Next is { } next)
        {
            next.Previous = entry.Previous;
        }

        Detach(entry);
    }

    private ITimed? Empty(int bucket)
    {
        var first = _buckets[bucket];
        _buckets[bucket] = null;
        return first;
    }

    /// <summary>Makes an entry one of no bucket; returns its neighbour.</summary>
    private static ITimed? Detach(ITimed entry)
    {
        var next = entry.Next;
        (entry.Bucket, entry.Next, entry.Previous) = (-1, null, null);
        return next;
    }
}
