using System.Collections.Concurrent;

namespace SessionMesh.Server.Auth.Limiting;

/// <summary>What one key uses at the moment: its rate bucket and its held answers.</summary>
public sealed class KeyUsage : RateBucket
{
    private readonly Lock _gate = new();
    private int _held;
    private bool _forgotten;

    /// <summary>Whether there was room; null if this usage was forgotten in the meantime, and the caller must get a new one.</summary>
    public bool? TryHold(int most)
    {
        lock (_gate)
        {
            if (_forgotten)
            {
                return null;
            }

            if (_held >= most)
            {
                return false;
            }

            _held++;
            return true;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            _held--;
        }
    }

    /// <summary>Returns true if there is nothing to remember; this usage must not be used any more.</summary>
    public bool TryForget(long now)
    {
        lock (_gate)
        {
            return _forgotten |= _held == 0 && IsFull(now);
        }
    }
}

/// <summary>
/// The usage of each active key. Idle ones are dropped from time to time, so that memory grows with the keys in use, not with those ever
/// seen. Thread-safe.
/// </summary>
public sealed class KeyUsages(TimeProvider time)
{
    /// <summary>Below this many no sweep is worth it: 4,096 usages take about 500 KB.</summary>
    private const int Least = 4096;

    private readonly ConcurrentDictionary<string, KeyUsage> _byKey = new(StringComparer.Ordinal);
    private int _count;
    private int _sweepAt = Least;

    public int Count => Volatile.Read(ref _count);

    public KeyUsage Of(string keyId)
    {
        if (_byKey.TryGetValue(keyId, out var known))
        {
            return known;
        }

        var usage = new KeyUsage();
        var there = _byKey.GetOrAdd(keyId, usage);
        if (there == usage && Interlocked.Increment(ref _count) > Volatile.Read(ref _sweepAt))
        {
            Sweep();
        }

        return there;
    }

    private void Sweep()
    {
        // Keys added during the sweep do not start another; the next one is due when the table has doubled.
        Volatile.Write(ref _sweepAt, int.MaxValue);
        var now = time.GetTimestamp();
        foreach (var (keyId, usage) in _byKey)
        {
            if (usage.TryForget(now) && _byKey.TryRemove(new KeyValuePair<string, KeyUsage>(keyId, usage)))
            {
                Interlocked.Decrement(ref _count);
            }
        }

        Volatile.Write(ref _sweepAt, Math.Max(Least, Count * 2));
    }
}
