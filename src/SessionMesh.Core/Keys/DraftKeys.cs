namespace SessionMesh.Core.Keys;

/// <summary>
/// The keys as a batch leaves them, on top of the committed ones. The members that a key is found by never change, so only keys that this
/// batch minted are indexed here. A search costs what it finds, however many keys the batch has changed.
/// </summary>
internal sealed class DraftKeys(KeyTable table)
{
    private readonly Dictionary<string, Key> _changed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _byLineage = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _byParent = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _byAgent = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Parent, string Name), List<string>> _byName = [];
    private readonly List<string> _roots = [];
    private readonly Dictionary<string, int> _endedByLineage = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _newLineages = new(StringComparer.Ordinal);
    private int _newServices;

    public IReadOnlyCollection<Key> Changed => _changed.Values;

    /// <summary>Null for a key that has ended.</summary>
    public Key? Find(string id)
    {
        var key = _changed.TryGetValue(id, out var changed) ? changed : table.Find(id);
        return key is { EndedAt: 0 } ? key : null;
    }

    /// <summary>Keys that no key minted.</summary>
    public IEnumerable<Key> Roots => table.Roots.Concat(_roots).Select(Find).OfType<Key>();

    public IEnumerable<Key> In(string lineage) => Living(table.In(lineage), _byLineage, lineage);

    public IEnumerable<Key> Under(string lineage) => Living(table.Under(lineage), _byParent, lineage);

    public IEnumerable<Key> Named(string parent, string name) => Living(table.Named(parent, name), _byName, (parent, name));

    public IEnumerable<Key> BoundTo(string agentId) => Living(table.BoundTo(agentId), _byAgent, agentId);

    /// <summary>How many keys of a lineage are left.</summary>
    public int CountIn(string lineage) =>
        table.CountIn(lineage) + (_byLineage.GetValueOrDefault(lineage)?.Count ?? 0) - _endedByLineage.GetValueOrDefault(lineage);

    /// <summary>How many lineages an account has. Those that this batch ended count until the next batch.</summary>
    public int LineagesOf(string account) => table.LineagesOf(account) + _newLineages.GetValueOrDefault(account);

    /// <summary>How many service keys there are. Those that this batch ended count until the next batch.</summary>
    public int Services => table.ServiceCount + _newServices;

    public void Put(Key key)
    {
        var before = _changed.TryGetValue(key.Id, out var changed) ? changed : table.Find(key.Id);
        _changed[key.Id] = key;
        if (before is null)
        {
            Index(key);
        }

        if (key.EndedAt != 0 && before is not { EndedAt: not 0 })
        {
            Count(_endedByLineage, key.Lineage);
        }
    }

    private void Index(Key key)
    {
        Add(_byLineage, key.Lineage, key.Id);
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

        if (key.Lineage == key.Id && key.Account is { } account)
        {
            Count(_newLineages, account);
        }

        if (key.Lineage == key.Id && key.IsService)
        {
            _newServices++;
        }
    }

    private IEnumerable<Key> Living<T>(IEnumerable<string> committed, Dictionary<T, List<string>> minted, T entry) where T : notnull
    {
        foreach (var id in committed)
        {
            if (Find(id) is { } key)
            {
                yield return key;
            }
        }

        foreach (var id in minted.GetValueOrDefault(entry) ?? [])
        {
            if (Find(id) is { } key)
            {
                yield return key;
            }
        }
    }

    private static void Count(Dictionary<string, int> counts, string entry) => counts[entry] = counts.GetValueOrDefault(entry) + 1;

    private static void Add<T>(Dictionary<T, List<string>> index, T entry, string id) where T : notnull =>
        (index.TryGetValue(entry, out var ids) ? ids : index[entry] = []).Add(id);
}
