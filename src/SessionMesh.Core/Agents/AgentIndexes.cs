using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// Agents by state, cluster, specialization and account. One writer, readers at any time. A name that no agent has any more is dropped:
/// callers choose the names, and memory must stay bounded.
/// </summary>
/// <param name="slots">The agents by number, for what is read of them later.</param>
public sealed class AgentIndexes(SlotList<AgentSlot?> slots)
{
    private readonly NumberSet[] _byLiveness = [.. Enum.GetValues<Liveness>().Select(_ => new NumberSet())];
    private readonly ConcurrentDictionary<string, Specialized> _bySpecialization = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, NumberSet> _byCluster = new(StringComparer.Ordinal);
    private readonly AccountTable _accounts = new();

    /// <summary>Agents that are paused, whatever their state.</summary>
    public NumberSet Paused { get; } = new();

    /// <summary>What tells an agent with a label, or for a user, from most of those without.</summary>
    public Signatures Signatures { get; } = new();

    public NumberSet With(Liveness liveness) => _byLiveness[(int)liveness];

    /// <summary>The agents with a specialization, or with one below it.</summary>
    public bool TryGetSpecialization(string name, [NotNullWhen(true)] out NumberSet? numbers)
    {
        numbers = _bySpecialization.GetValueOrDefault(name)?.Agents;
        return numbers is not null;
    }

    public bool TryGetCluster(string name, [NotNullWhen(true)] out NumberSet? numbers) => _byCluster.TryGetValue(name, out numbers);

    /// <summary>
    /// Every specialization that some agent declares, and every name above one, in no particular order; with how many have room.
    /// </summary>
    public IEnumerable<(string Name, NumberSet Agents, int Room)> Specializations =>
        _bySpecialization.Where(entry => entry.Value.Agents.Count > 0)
            .Select(entry => (entry.Key, entry.Value.Agents, entry.Value.Room));

    /// <summary>How many agents have room under a name.</summary>
    public int RoomOf(string name) => _bySpecialization.GetValueOrDefault(name)?.Room ?? 0;

    /// <summary>Makes the order in which agents with room under a name are found, unless it is there. To be called off the writer's thread
    /// before a claim, because for a large fleet it takes long.</summary>
    public void PrepareOrder(string name) => OrderOf(name)?.Visit(static _ => false);

    /// <summary>A heartbeat reported a load.</summary>
    public void LoadReported(AgentSlot slot)
    {
        var agent = slot.Agent;
        foreach (var name in agent.Skills.Paths.Names)
        {
            _bySpecialization.GetValueOrDefault(name)?.Mark(agent.Number);
        }
    }

    /// <summary>Agents with room under a name; null where nobody has it.</summary>
    internal RoomOrder? OrderOf(string name) => _bySpecialization.GetValueOrDefault(name)?.Order();

    /// <summary>How many names are held.</summary>
    internal int Names => _bySpecialization.Count + _byCluster.Count;

    /// <summary>Agents by the account that made them known. For the writer only.</summary>
    internal AccountTable Accounts => _accounts;

    /// <param name="before">Null for an agent that becomes known.</param>
    /// <param name="after">Null for one that is forgotten.</param>
    internal void Update(Agent? before, Agent? after)
    {
        _accounts.Update(before, after);
        Signatures.Update(before, after);
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

        if (!ReferenceEquals(before?.Skills, after?.Skills) || !ReferenceEquals(before?.Holds, after?.Holds)
            || before?.Liveness != after?.Liveness || before?.Paused != after?.Paused)
        {
            UpdateSpecializations(before, after);
        }
    }

    private void UpdateSpecializations(Agent? before, Agent? after)
    {
        foreach (var name in after?.Skills.Paths.Names ?? [])
        {
            var specialized = _bySpecialization.GetOrAdd(name, static (path, slots) => new Specialized(path, slots), slots);
            specialized.Agents.Set(after!.Number, true);
            specialized.Update(before, after);
        }

        foreach (var name in before?.Skills.Paths.Names ?? [])
        {
            if (after?.Skills.Paths.Contains(name) == true)
            {
                continue;
            }

            var specialized = _bySpecialization[name];
            specialized.Agents.Set(before!.Number, false);
            specialized.Update(before, after);
            if (specialized.Agents.Count == 0)
            {
                _bySpecialization.TryRemove(name, out _); // a reader that still holds the set sees it empty
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
