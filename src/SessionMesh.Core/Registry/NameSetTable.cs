using System.Runtime.InteropServices;

namespace SessionMesh.Core.Registry;

/// <summary>
/// Interned sets by their JSON, held weakly: callers make up names, and what no agent has any more must not stay. Two sets that live at the
/// same time and have the same names are always one. It keeps no text of its own, so that an entry whose set is gone costs a hundred bytes
/// until it is swept: whenever a quarter as many sets were added as there are entries. Thread-safe.
/// </summary>
internal sealed class NameSetTable
{
    /// <summary>Sets added before which nothing is swept.</summary>
    private const int Few = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, List<WeakReference<NameSet>>> _byHash = [];
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

    public NameSet? Find(string json)
    {
        lock (_gate)
        {
            return Look(json);
        }
    }

    /// <summary>Adds a set, unless an equal one came first; returns the one that stays.</summary>
    public NameSet Add(NameSet set)
    {
        lock (_gate)
        {
            if (Look(set.Json) is { } known)
            {
                return known;
            }

            if (++_added > Math.Max(Few, _count / 4))
            {
                Sweep();
            }

            ref var sets = ref CollectionsMarshal.GetValueRefOrAddDefault(_byHash, HashOf(set.Json), out _);
            (sets ??= new(1)).Add(new WeakReference<NameSet>(set));
            _count++;
            return set;
        }
    }

    private NameSet? Look(string json)
    {
        if (_byHash.TryGetValue(HashOf(json), out var sets))
        {
            foreach (var entry in sets)
            {
                if (entry.TryGetTarget(out var set) && set.Json == json)
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
                _byHash.Remove(hash); // which a dictionary allows while it is gone through
            }
        }

        _byHash.TrimExcess();
        _added = 0;
    }

    /// <summary>Seeded by the process: nobody outside can choose names that share it.</summary>
    private static int HashOf(string json) => string.GetHashCode(json, StringComparison.Ordinal);
}
