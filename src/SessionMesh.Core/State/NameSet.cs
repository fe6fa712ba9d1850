using System.Runtime.InteropServices;
using System.Text.Json;
using SessionMesh.Core.Json;

namespace SessionMesh.Core.State;

/// <summary>
/// A sorted set of names (an agent's specializations). Interned: a fleet has few distinct sets, so a million agents
/// share a handful of instances and equality is by reference. One that nobody holds any more is forgotten. Immutable and thread-safe.
/// </summary>
public sealed class NameSet
{
    private static readonly NameSetTable s_interned = new();

    public static readonly NameSet Empty = Intern([]);

    private NameSet(string[] names, string json) => (Names, Json) = (names, json);

    /// <summary>Ordinal order, no duplicates.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The set as a JSON array: what the tables hold and rows show.</summary>
    public string Json { get; }

    /// <summary>Entries of the table of interned sets, those included that nobody holds any more and that it has yet to notice.</summary>
    internal static int Interned => s_interned.Count;

    public static NameSet Of(IEnumerable<string> names) => Intern([.. names.Distinct().Order(StringComparer.Ordinal)]);

    public static NameSet FromJson(string json) =>
        s_interned.Find(json) ?? Of(JsonSerializer.Deserialize(json, TextJson.Default.StringArray) ?? []);

    public bool Contains(string name) => Array.BinarySearch((string[])Names, name, StringComparer.Ordinal) >= 0;

    public NameSet With(IEnumerable<string> names) => Of(Names.Concat(names));
    public NameSet Without(string name) => Of(Names.Where(n => n != name));

    public override string ToString() => Json;

    private static NameSet Intern(string[] names)
    {
        var json = JsonSerializer.Serialize(names, TextJson.Default.StringArray);
        return s_interned.Find(json) ?? s_interned.Add(new NameSet(names, json));
    }
}

/// <summary>
/// Interned sets by their JSON, held weakly: callers choose the names, so a set that no agent uses must not stay in memory. Two live sets
/// with the same names are always the same instance. The table keeps no text, so an entry whose set is gone costs about a hundred bytes
/// until the next sweep, which comes when a quarter as many sets were added as there are entries. Thread-safe.
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
                _byHash.Remove(hash); // a dictionary allows removal while it is enumerated
            }
        }

        _byHash.TrimExcess();
        _added = 0;
    }

    /// <summary>Seeded by the process: nobody outside can choose names that share it.</summary>
    private static int HashOf(string json) => string.GetHashCode(json, StringComparison.Ordinal);
}
