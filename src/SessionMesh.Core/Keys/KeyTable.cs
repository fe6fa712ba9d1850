using System.Collections.Concurrent;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Keys that can still be used, themselves or through their refresh token. Public members are for any thread, the others for the writer
/// only.
/// </summary>
public sealed class KeyTable
{
    private static readonly HashSet<string> s_none = [];
    private static readonly SortedSet<(int Generation, string Id)> s_noGeneration = [];

    private readonly ConcurrentDictionary<string, RevisionSlot<Key>> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Key> _newest = new(StringComparer.Ordinal);
    private readonly RevisionList<Key> _inOrder = new();

    /// <summary>The lineages of service keys: a set.</summary>
    private readonly ConcurrentDictionary<string, bool> _services = new(StringComparer.Ordinal);

    /// <summary>Held while the two below are changed, and while another thread reads them.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedSet<(int Generation, string Id)>> _byLineage = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _byParent = new(StringComparer.Ordinal);

    private readonly Dictionary<string, HashSet<string>> _byAgent = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Parent, string Name), HashSet<string>> _byName = [];
    private readonly Dictionary<string, int> _lineagesByAccount = new(StringComparer.Ordinal);
    private readonly HashSet<string> _roots = new(StringComparer.Ordinal);
    private readonly SortedSet<(long At, string Id)> _expiries = [];
    private readonly ConcurrentDictionary<string, RevisionSlot<Key>>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private long _nextExpiry = long.MaxValue;

    public KeyTable() => _bySpan = _byId.GetAlternateLookup<ReadOnlySpan<char>>();

    public int Count => _byId.Count;

    /// <summary>
    /// Wall milliseconds at which the next key is due to end, see <see cref="Key.HeldUntil"/>; <see cref="long.MaxValue"/> for none.
    /// </summary>
    public long NextExpiry => Volatile.Read(ref _nextExpiry);

    public Key? Find(string id) => _byId.GetValueOrDefault(id)?.Record;

    public Key? Find(ReadOnlySpan<char> id) => _bySpan.TryGetValue(id, out var slot) ? slot.Record : null;

    /// <summary>All keys, oldest first.</summary>
    public IEnumerable<Key> All => After(0);

    /// <summary>Keys minted after a revision, oldest first.</summary>
    public IEnumerable<Key> After(long revision) => _inOrder.After(revision);

    /// <summary>The newest generation of a lineage; null when none is left.</summary>
    public Key? NewestOf(string lineage) => _newest.GetValueOrDefault(lineage);

    /// <summary>The newest generation of each service key, in no particular order.</summary>
    public IEnumerable<Key> Services => _services.Keys.Select(NewestOf).OfType<Key>();

    /// <summary>How many service keys there are; generations of one name are one.</summary>
    public int ServiceCount => _services.Count;

    /// <summary>Keys of a lineage and of all below it, in no particular order.</summary>
    public List<Key> Family(string lineage)
    {
        var ids = new List<string>();
        var lineages = new Queue<string>([lineage]);
        var seen = new HashSet<string>(StringComparer.Ordinal) { lineage };
        while (lineages.TryDequeue(out var next))
        {
            lock (_gate)
            {
                ids.AddRange(In(next));
                foreach (var child in Under(next))
                {
                    if (Find(child) is { } key && seen.Add(key.Lineage))
                    {
                        lineages.Enqueue(key.Lineage);
                    }
                }
            }
        }

        return [.. ids.Select(Find).OfType<Key>()];
    }

    /// <summary>Ids of a lineage's keys, by generation.</summary>
    internal IEnumerable<string> In(string lineage) => (_byLineage.GetValueOrDefault(lineage) ?? s_noGeneration).Select(entry => entry.Id);

    /// <summary>How many keys a lineage has.</summary>
    internal int CountIn(string lineage) => (_byLineage.GetValueOrDefault(lineage) ?? s_noGeneration).Count;

    /// <summary>Ids of the keys that no key minted.</summary>
    internal IReadOnlyCollection<string> Roots => _roots;

    /// <summary>The oldest key that no key minted; null when none is left. The writer's, as all below.</summary>
    public Key? OldestRoot() => _roots.Select(Find).OfType<Key>().MinBy(key => key.Revision);

    /// <summary>Ids of the keys that were minted under a lineage.</summary>
    internal IReadOnlyCollection<string> Under(string lineage) => _byParent.GetValueOrDefault(lineage) ?? s_none;

    internal IReadOnlyCollection<string> BoundTo(string agentId) => _byAgent.GetValueOrDefault(agentId) ?? s_none;

    internal IReadOnlyCollection<string> Named(string parent, string name) => _byName.GetValueOrDefault((parent, name)) ?? s_none;

    /// <summary>How many lineages an account has, its own included.</summary>
    internal int LineagesOf(string account) => _lineagesByAccount.GetValueOrDefault(account);

    /// <summary>Ids of keys that are due to end, earliest first.</summary>
    internal IEnumerable<string> Expired(long wall) => _expiries.TakeWhile(entry => entry.At <= wall).Select(entry => entry.Id);

    internal void Put(Key key)
    {
        var slot = _byId.GetValueOrDefault(key.Id);
        if (slot?.Record is { HeldUntil: > 0 and var until })
        {
            _expiries.Remove((until, key.Id));
        }

        if (key.EndedAt == 0)
        {
            if (slot is null)
            {
                _byId[key.Id] = _inOrder.Add(key.Revision, key);
                Index(key);
            }
            else
            {
                slot.Replace(key);
            }

            if (_newest.GetValueOrDefault(key.Lineage) is not { } newest || newest.Generation <= key.Generation)
            {
                _newest[key.Lineage] = key;
            }

            if (key.HeldUntil != 0)
            {
                _expiries.Add((key.HeldUntil, key.Id));
            }
        }
        else if (slot is not null && _byId.TryRemove(key.Id, out _))
        {
            _inOrder.Remove(slot);
            Unindex(key);
        }

        Volatile.Write(ref _nextExpiry, _expiries.Count == 0 ? long.MaxValue : _expiries.Min.At);
    }

    private void Index(Key key)
    {
        lock (_gate)
        {
            var generations = _byLineage.TryGetValue(key.Lineage, out var known) ? known : _byLineage[key.Lineage] = [];
            generations.Add((key.Generation, key.Id));
            if (key.IsService)
            {
                _services[key.Lineage] = true;
            }

            if (generations.Count == 1 && key.Account is { } account)
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
        }

        if (key.AgentId is { } agent)
        {
            Add(_byAgent, agent, key.Id);
        }
    }

    private void Unindex(Key key)
    {
        lock (_gate)
        {
            var generations = _byLineage[key.Lineage];
            generations.Remove((key.Generation, key.Id));
            if (generations.Count > 0)
            {
                if (_newest.GetValueOrDefault(key.Lineage)?.Id == key.Id)
                {
                    _newest[key.Lineage] = Find(generations.Max.Id)!;
                }
            }
            else
            {
                _byLineage.Remove(key.Lineage);
                _newest.TryRemove(key.Lineage, out _);
                _services.TryRemove(key.Lineage, out _);
                Uncount(key.Account);
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
        }

        if (key.AgentId is { } agent)
        {
            Drop(_byAgent, agent, key.Id);
        }
    }

    private void Uncount(string? account)
    {
        if (account is null)
        {
            return;
        }

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

    private static void Add<T>(Dictionary<T, HashSet<string>> index, T entry, string id) where T : notnull =>
        (index.TryGetValue(entry, out var ids) ? ids : index[entry] = []).Add(id);

    private static void Drop<T>(Dictionary<T, HashSet<string>> index, T entry, string id) where T : notnull
    {
        var ids = index[entry];
        ids.Remove(id);
        if (ids.Count == 0)
        {
            index.Remove(entry);
        }
    }
}
