using System.Collections.Concurrent;
using SessionMesh.Core.Keys;

namespace SessionMesh.Core.State;

/// <summary>
/// Keys that can still be used. Finding one is for any thread; the rest is the writer's alone.
/// </summary>
public sealed class KeyTable
{
    private readonly ConcurrentDictionary<string, Key> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byParent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byAgent = new(StringComparer.Ordinal);
    private readonly SortedSet<(long At, string Id)> _expiries = [];
    private readonly ConcurrentDictionary<string, Key>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private long _nextExpiry = long.MaxValue;

    public KeyTable() => _bySpan = _byId.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Count => _byId.Count;

    /// <summary>Wall milliseconds at which the next key ends; <see cref="long.MaxValue"/> for none. For any thread.</summary>
    public long NextExpiry => Volatile.Read(ref _nextExpiry);

    public Key? Find(string id) => _byId.GetValueOrDefault(id);

    public Key? Find(ReadOnlySpan<char> id) => _bySpan.TryGetValue(id, out var key) ? key : null;

    /// <summary>All keys, in no order.</summary>
    public IEnumerable<Key> All => _byId.Values;

    internal IReadOnlyCollection<string> Under(string parent) => _byParent.GetValueOrDefault(parent) ?? (IReadOnlyCollection<string>)[];

    internal IReadOnlyCollection<string> BoundTo(string agentId) => _byAgent.GetValueOrDefault(agentId) ?? (IReadOnlyCollection<string>)[];

    /// <summary>Ids of keys whose time is over, earliest first.</summary>
    internal IEnumerable<string> Expired(long wall) => _expiries.TakeWhile(entry => entry.At <= wall).Select(entry => entry.Id);

    internal void Put(Key key)
    {
        var before = Find(key.Id);
        if (before is { ExpiresAt: > 0 })
        {
            _expiries.Remove((before.ExpiresAt, key.Id));
        }

        if (key.EndedAt == 0)
        {
            _byId[key.Id] = key;
            Add(_byParent, key.Parent, key.Id);
            Add(_byAgent, key.AgentId, key.Id);
            if (key.ExpiresAt != 0)
            {
                _expiries.Add((key.ExpiresAt, key.Id));
            }
        }
        else if (_byId.TryRemove(key.Id, out _))
        {
            Drop(_byParent, key.Parent, key.Id);
            Drop(_byAgent, key.AgentId, key.Id);
        }

        Volatile.Write(ref _nextExpiry, _expiries.Count == 0 ? long.MaxValue : _expiries.Min.At);
    }

    private static void Add(Dictionary<string, HashSet<string>> index, string? name, string id)
    {
        if (name is not null)
        {
            (index.TryGetValue(name, out var ids) ? ids : index[name] = []).Add(id);
        }
    }

    private static void Drop(Dictionary<string, HashSet<string>> index, string? name, string id)
    {
        if (name is not null && index.TryGetValue(name, out var ids) && ids.Remove(id) && ids.Count == 0)
        {
            index.Remove(name);
        }
    }
}
