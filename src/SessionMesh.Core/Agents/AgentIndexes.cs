using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// Agents by state, cluster, specialization and account. One writer, readers at any time. A name that no agent has any more is dropped:
/// callers choose the names, and memory must stay bounded.
/// </summary>
public sealed class AgentIndexes
{
    private readonly NumberSet[] _byLiveness = [.. Enum.GetValues<Liveness>().Select(_ => new NumberSet())];
    private readonly ConcurrentDictionary<string, NumberSet> _bySpecialization = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, NumberSet> _byCluster = new(StringComparer.Ordinal);
    private readonly AccountTable _accounts = new();

    /// <summary>Agents that are paused, whatever their state.</summary>
    public NumberSet Paused { get; } = new();

    public NumberSet With(Liveness liveness) => _byLiveness[(int)liveness];

    public bool TryGetSpecialization(string name, [NotNullWhen(true)] out NumberSet? numbers) =>
        _bySpecialization.TryGetValue(name, out numbers);

    public bool TryGetCluster(string name, [NotNullWhen(true)] out NumberSet? numbers) => _byCluster.TryGetValue(name, out numbers);

    /// <summary>Every specialization that some agent declares, in no particular order.</summary>
    public IEnumerable<KeyValuePair<string, NumberSet>> Specializations => _bySpecialization.Where(entry => entry.Value.Count > 0);

    /// <summary>How many names are held.</summary>
    internal int Names => _bySpecialization.Count + _byCluster.Count;

    /// <summary>Agents by the account that made them known. For the writer only.</summary>
    internal AccountTable Accounts => _accounts;

    /// <param name="before">Null for an agent that becomes known.</param>
    /// <param name="after">Null for one that is forgotten.</param>
    internal void Update(Agent? before, Agent? after)
    {
        _accounts.Update(before, after);
        if (before?.Liveness != after?.Liveness)
        {
            // The new set first: a reader in between sees an agent twice rather than not at all.
            if (after is not null)
            {
                With(after.Liveness).Set(after.Number, true);
            }

            if (before is not null)
            {
                With(before.Liveness).Set(before.Number, false);
            }
        }

        if (before?.Paused != after?.Paused)
        {
            Paused.Set((after ?? before)!.Number, after?.Paused == true);
        }

        if (before?.Cluster != after?.Cluster)
        {
            Add(_byCluster, after?.Cluster, after);
            Drop(_byCluster, before?.Cluster, before);
        }

        if (!ReferenceEquals(before?.Specializations, after?.Specializations))
        {
            UpdateSpecializations(before, after);
        }
    }

    private void UpdateSpecializations(Agent? before, Agent? after)
    {
        foreach (var name in after?.Specializations.Names ?? [])
        {
            Add(_bySpecialization, name, after);
        }

        foreach (var name in before?.Specializations.Names ?? [])
        {
            if (after?.Specializations.Contains(name) != true)
            {
                Drop(_bySpecialization, name, before);
            }
        }
    }

    private static void Add(ConcurrentDictionary<string, NumberSet> index, string? name, Agent? agent)
    {
        if (name is not null)
        {
            index.GetOrAdd(name, static _ => new NumberSet()).Set(agent!.Number, true);
        }
    }

    private static void Drop(ConcurrentDictionary<string, NumberSet> index, string? name, Agent? agent)
    {
        if (name is null)
        {
            return;
        }

        var numbers = index[name];
        numbers.Set(agent!.Number, false);
        if (numbers.Count == 0)
        {
            index.TryRemove(name, out _); // a reader that still holds the set sees it empty
        }
    }
}
