using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>
/// Which agents are in which state, cluster and specialization. One writer, readers at any time. An empty name is
/// forgotten by its count, not removed: names are few and come back.
/// </summary>
public sealed class AgentIndexes
{
    private readonly NumberSet[] _byLiveness = [.. Enum.GetValues<Liveness>().Select(_ => new NumberSet())];
    private readonly ConcurrentDictionary<string, NumberSet> _bySpecialization = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, NumberSet> _byCluster = new(StringComparer.Ordinal);

    private readonly Dictionary<string, int> _owned = new(StringComparer.Ordinal);

    public NumberSet With(Liveness liveness) => _byLiveness[(int)liveness];

    public bool TryGetSpecialization(string name, [NotNullWhen(true)] out NumberSet? numbers) => _bySpecialization.TryGetValue(name, out numbers);

    public bool TryGetCluster(string name, [NotNullWhen(true)] out NumberSet? numbers) => _byCluster.TryGetValue(name, out numbers);

    /// <summary>Every specialization that some agent declares, in no order.</summary>
    public IEnumerable<KeyValuePair<string, NumberSet>> Specializations => _bySpecialization.Where(entry => entry.Value.Count > 0);

    /// <summary>Agents that an account made known. The writer's alone.</summary>
    internal int OwnedBy(string account) => _owned.GetValueOrDefault(account);

    internal void Update(Agent? before, Agent after)
    {
        var number = after.Number;
        if (before is null && after.Owner is { } owner)
        {
            _owned[owner] = OwnedBy(owner) + 1;
        }

        if (before is null || before.Liveness != after.Liveness)
        {
            // The new set first: a reader in between sees an agent twice rather than not at all.
            With(after.Liveness).Set(number, true);
            if (before is not null)
            {
                With(before.Liveness).Set(number, false);
            }
        }

        if (before is null || before.Cluster != after.Cluster)
        {
            _byCluster.GetOrAdd(after.Cluster, static _ => new NumberSet()).Set(number, true);
            if (before is not null)
            {
                _byCluster[before.Cluster].Set(number, false);
            }
        }

        if (!ReferenceEquals(before?.Specializations, after.Specializations))
        {
            UpdateSpecializations(number, before?.Specializations ?? NameSet.Empty, after.Specializations);
        }
    }

    private void UpdateSpecializations(int number, NameSet before, NameSet after)
    {
        foreach (var name in after.Names)
        {
            _bySpecialization.GetOrAdd(name, static _ => new NumberSet()).Set(number, true);
        }

        foreach (var name in before.Names)
        {
            if (!after.Contains(name))
            {
                _bySpecialization[name].Set(number, false);
            }
        }
    }
}
