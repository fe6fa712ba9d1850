using System.Runtime.InteropServices;

namespace SessionMesh.Core.State;

/// <summary>
/// Interned sets by a text that says all of them, held weakly: callers choose the names, so a set that no agent uses must not stay in
/// memory. Two live sets with the same text are always the same instance. The table keeps no text, so an entry whose set is gone costs
/// about a hundred bytes until the next sweep, which comes when a quarter as many sets were added as there are entries. Thread-safe.
/// </summary>
internal sealed class WeakTable<T>(Func<T, string> keyOf) where T : class
{
    /// <summary>Sets added before which nothing is swept.</summary>
    private const int Few = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, List<WeakReference<T>>> _byHash = [];
    private int _count;
    private int _added;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    public T? Find(string key)
    {
        lock (_gate)
        {
            return Look(key);
        }
    }

    /// <summary>Adds a set, unless an equal one came first; returns the one that stays.</summary>
    public T Add(T set)
    {
        lock (_gate)
        {
            if (Look(keyOf(set)) is { } known)
            {
                return known;
            }

            if (++_added > Math.Max(Few, _count / 4))
            {
                Sweep();
            }

            ref var sets = ref CollectionsMarshal.GetValueRefOrAddDefault(_byHash, HashOf(keyOf(set)), out _);
            (sets ??= new(1)).Add(new WeakReference<T>(set));
            _count++;
            return set;
        }
    }

    private T? Look(string key)
    {
        if (_byHash.TryGetValue(HashOf(key), out var sets))
        {
            foreach (var entry in sets)
            {
                if (entry.TryGetTarget(out var set) && keyOf(set) == key)
                {
                    return set;
                }
            }
        }

        return null;
    }

    private void Sweep()
    {
        foreach (var (hash, sets) in _byHash)
        {
            _count -= sets.RemoveAll(entry => !entry.TryGetTarget(out _));
            if (sets.Count == 0)
            {
                _byHash.Remove(hash); // a dictionary allows removal while it is enumerated
            }
        }

        _byHash.TrimExcess();
        _added = 0;
    }

    /// <summary>Seeded by the process: nobody outside can choose names that share it.</summary>
    private static int HashOf(string key) => string.GetHashCode(key, StringComparison.Ordinal);
}
