using System.Collections.Concurrent;
using SessionMesh.Core.Keys;

namespace SessionMesh.Core.State;

/// <summary>
/// Keys that can still be used, themselves or through their refresh token. Finding one is for any thread; the rest is the writer's alone.
/// </summary>
public sealed class KeyTable
{
    private static readonly IReadOnlyCollection<string> s_none = [];

    private readonly ConcurrentDictionary<string, Key> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byLineage = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byParent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byAgent = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Parent, string Name), HashSet<string>> _byName = [];
    private readonly Dictionary<string, int> _lineagesByAccount = new(StringComparer.Ordinal);
    private readonly HashSet<string> _roots = new(StringComparer.Ordinal);
    private readonly SortedSet<(long At, string Id)> _expiries = [];
    private readonly ConcurrentDictionary<string, Key>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private long _nextExpiry = long.MaxValue;

    public KeyTable() => _bySpan = _byId.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Count => _byId.Count;

    /// <summary>Wall milliseconds at which the next key is over; <see cref="long.MaxValue"/> for none. For any thread.</summary>
    public long NextExpiry => Volatile.Read(ref _nextExpiry);

    public Key? Find(string id) => _byId.GetValueOrDefault(id);

    public Key? Find(ReadOnlySpan<char> id) => _bySpan.TryGetValue(id, out var key) ? key : null;

    /// <summary>All keys, in no order. For any thread.</summary>
    public IEnumerable<Key> All => _byId.Values;

    /// <summary>Ids of the keys that no key minted.</summary>
    internal IReadOnlyCollection<string> Roots => _roots;

    /// <summary>Ids of a lineage's keys.</summary>
    internal IReadOnlyCollection<string> In(string lineage) => _byLineage.GetValueOrDefault(lineage) ?? s_none;

    /// <summary>Ids of the keys that were minted under a lineage.</summary>
    internal IReadOnlyCollection<string> Under(string lineage) => _byParent.GetValueOrDefault(lineage) ?? s_none;

    internal IReadOnlyCollection<string> BoundTo(string agentId) => _byAgent.GetValueOrDefault(agentId) ?? s_none;

    internal IReadOnlyCollection<string> Named(string parent, string name) => _byName.GetValueOrDefault((parent, name)) ?? s_none;

    /// <summary>Lineages of an account, its own included.</summary>
    internal int LineagesOf(string account) => _lineagesByAccount.GetValueOrDefault(account);

    /// <summary>Ids of keys whose time is over, earliest first.</summary>
    internal IEnumerable<string> Expired(long wall) => _expiries.TakeWhile(entry => entry.At <= wall).Select(entry => entry.Id);

    internal void Put(Key key)
    {
        var before = Find(key.Id);
        if (before is { HeldUntil: > 0 })
        {
            _expiries.Remove((before.HeldUntil, key.Id));
        }

        if (key.EndedAt == 0)
        {
            if (before is null)
            {
                Index(key);
            }

            _byId[key.Id] = key;
            if (key.HeldUntil != 0)
            {
                _expiries.Add((key.HeldUntil, key.Id));
            }
        }
        else if (_byId.TryRemove(key.Id, out _))
        {
            Unindex(key);
        }

        Volatile.Write(ref _nextExpiry, _expiries.Count == 0 ? long.MaxValue : _expiries.Min.At);
    }

    private void Index(Key key)
    {
        if (Add(_byLineage, key.Lineage, key.Id) == 1 && key.Account is { } account)
        {
            _lineagesByAccount[account] = LineagesOf(account) + 1;
        }

        if (key.Parent is { } parent)
        {
            Add(_byParent, parent, key.Id);
            Add(_byName, (parent, key.Name), key.Id);
        }
        else
        {
            _roots.Add(key.Id);
        }

        if (key.AgentId is { } agent)
        {
            Add(_byAgent, agent, key.Id);
        }
    }

    private void Unindex(Key key)
    {
        if (Drop(_byLineage, key.Lineage, key.Id) == 0 && key.Account is { } account)
        {
            var left = LineagesOf(account) - 1;
            if (left > 0)
            {
                _lineagesByAccount[account] = left;
            }
            else
            {
                _lineagesByAccount.Remove(account);
            }
        }

        if (key.Parent is { } parent)
        {
            Drop(_byParent, parent, key.Id);
            Drop(_byName, (parent, key.Name), key.Id);
        }
        else
        {
            _roots.Remove(key.Id);
        }

        if (key.AgentId is { } agent)
        {
            Drop(_byAgent, agent, key.Id);
        }
    }

    /// <summary>Returns how many there are now.</summary>
    private static int Add<T>(Dictionary<T, HashSet<string>> index, T entry, string id) where T : notnull
    {
        var ids = index.TryGetValue(entry, out var known) ? known : index[entry] = [];
        ids.Add(id);
        return ids.Count;
    }

    /// <inheritdoc cref="Add"/>
    private static int Drop<T>(Dictionary<T, HashSet<string>> index, T entry, string id) where T : notnull
    {
        var ids = index[entry];
        ids.Remove(id);
        if (ids.Count == 0)
        {
            index.Remove(entry);
        }

        return ids.Count;
    }
}
