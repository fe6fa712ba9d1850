using System.Collections.Concurrent;

namespace SessionMesh.Server.Auth.Limiting;

/// <summary>What one key uses of the server at the moment.</summary>
public sealed class KeyUsage : RateBucket
{
    private readonly Lock _gate = new();
    private int _held;
    private bool _forgotten;

    /// <summary>Null when this usage was forgotten in the meantime and another is to be asked for; else whether there was room.</summary>
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

    /// <summary>True when there is nothing to remember about it, and from then on it is not to be used.</summary>
    public bool TryForget(long now)
    {
        lock (_gate)
        {
            return _forgotten |= _held == 0 && IsFull(now);
        }
    }
}

/// <summary>
/// The usage of every key that has any. What says nothing any more is forgotten from time to time, so that memory follows the keys
/// in use, not those ever seen. Thread-safe.
/// </summary>
public sealed class KeyUsages(TimeProvider time)
{
    /// <summary>Below so many it is not worth looking what may be forgotten: 4,096 of them are some 500 KB.</summary>
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
        // Whoever comes meanwhile adds to a table twice as large; the next sweep is due when that is full.
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
