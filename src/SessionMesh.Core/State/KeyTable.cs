using System.Collections.Concurrent;
using SessionMesh.Core.Keys;

namespace SessionMesh.Core.State;

/// <summary>
/// Keys that can still be used. <see cref="Find"/> is for any thread; the rest is the writer's alone.
/// </summary>
public sealed class KeyTable
{
    private readonly ConcurrentDictionary<string, Key> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byParent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byAgent = new(StringComparer.Ordinal);
    private readonly PriorityQueue<string, long> _expiries = new();

    public int Count => _byId.Count;

    public Key? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>All keys, in no order.</summary>
    public IEnumerable<Key> All => _byId.Values;

    internal IReadOnlyCollection<string> Under(string parent) => _byParent.GetValueOrDefault(parent) ?? (IReadOnlyCollection<string>)[];

    internal IReadOnlyCollection<string> BoundTo(string agentId) => _byAgent.GetValueOrDefault(agentId) ?? (IReadOnlyCollection<string>)[];

    /// <summary>Ids of keys whose time is over. They leave the queue with this call, whatever becomes of them.</summary>
    internal List<string> TakeExpired(long wall)
    {
        var expired = new List<string>();
        while (_expiries.TryPeek(out var id, out var at) && at <= wall)
        {
            _expiries.Dequeue();
            if (Find(id) is { ExpiresAt: > 0 } key && key.ExpiresAt <= wall)
            {
                expired.Add(id);
            }
        }

        return expired;
    }

    internal void Put(Key key)
    {
        if (key.EndedAt != 0)
        {
            if (_byId.TryRemove(key.Id, out _))
            {
                Drop(_byParent, key.Parent, key.Id);
                Drop(_byAgent, key.AgentId, key.Id);
            }

            return;
        }

        var before = Find(key.Id);
        _byId[key.Id] = key;
        if (before is null)
        {
            Add(_byParent, key.Parent, key.Id);
            Add(_byAgent, key.AgentId, key.Id);
        }

        if (key.ExpiresAt != 0 && before?.ExpiresAt != key.ExpiresAt)
        {
            _expiries.Enqueue(key.Id, key.ExpiresAt);
        }
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
