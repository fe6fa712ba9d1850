namespace SessionMesh.Core.Leases;

/// <summary>
/// The timing structure of every lease: a hierarchical wheel of buckets, four levels of 64, a tick a second, reaching
/// 194 days. It is lazy: a heartbeat moves nothing here. When an entry's bucket comes up, the caller looks whether anything
/// is really due and schedules it again if not, so that a beat costs a memory write and an entry costs one look a
/// TTL. An entry that was overtaken by an earlier one is recognised by its own tick and dropped. Thread-safe.
/// </summary>
public sealed class LeaseWheel<T> where T : class, ITimed
{
    /// <summary>Milliseconds a tick.</summary>
    public const int TickMilliseconds = 1000;

    private const int Bits = 6;
    private const int Buckets = 1 << Bits;
    private const int Levels = 4;

    private readonly Lock _gate = new();
    private readonly List<T>?[,] _buckets = new List<T>?[Levels, Buckets];
    private int _now;

    /// <summary>Looks at it no later than one tick after <paramref name="at"/> (milliseconds on this wheel's clock); earlier if that was asked before.</summary>
    public void Schedule(T entry, long at)
    {
        var tick = TickAfter(at);
        lock (_gate)
        {
            if (tick < entry.DueTick)
            {
                entry.DueTick = tick;
                Place(entry, tick);
            }
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
        var at = _now & (Buckets - 1);
        if (_buckets[0, at] is not { } bucket)
        {
            return;
        }

        _buckets[0, at] = null;
        foreach (var entry in bucket)
        {
            if (entry.DueTick <= _now)
            {
                entry.DueTick = int.MaxValue;
                due.Add(entry);
            }
        }
    }

    /// <summary>When a level has gone round, the next bucket of the level above is spread over it.</summary>
    private void Cascade()
    {
        for (var level = 1; level < Levels && (_now & ((1 << (Bits * level)) - 1)) == 0; level++)
        {
            var at = (_now >> (Bits * level)) & (Buckets - 1);
            if (_buckets[level, at] is { } bucket)
            {
                _buckets[level, at] = null;
                foreach (var entry in bucket)
                {
                    if (entry.DueTick != int.MaxValue)
                    {
                        Place(entry, entry.DueTick);
                    }
                }
            }
        }
    }

    private void Place(T entry, int tick)
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
        (_buckets[level, (at >> (Bits * level)) & (Buckets - 1)] ??= []).Add(entry);
    }
}
