using System.Numerics;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Discovery;

/// <summary>
/// The agents that a list asks for: bitmaps that are ANDed 64 agents at a time, in order of agent number. An agent's number never changes,
/// so the number of the last row is a stable cursor.
/// </summary>
internal sealed class AgentSearch
{
    private readonly MeshState _state;
    private readonly NumberQuery _query = new();
    private readonly long _asOf;
    private readonly bool _stalledOnly;
    private IReadOnlyList<KeyValuePair<string, string>> _labels = [];

    /// <param name="filter">One of <see cref="AliveFilter.Allowed"/>.</param>
    public AgentSearch(MeshState state, string filter)
    {
        _state = state;
        _asOf = state.Revision; // before reading any set
        _stalledOnly = filter == AliveFilter.Stalled;
        if (filter != AliveFilter.All)
        {
            var liveness = LivenessWords.TryParse(filter, out var named) ? named : Liveness.Alive;
            _query.Within(state.Indexes.With(liveness));
        }
    }

    public AgentSearch Specialized(string? specialization)
    {
        if (specialization is not null)
        {
            _query.Within(_state.Indexes.TryGetSpecialization(specialization, out var numbers) ? numbers : null);
        }

        return this;
    }

    public AgentSearch InCluster(string? cluster)
    {
        if (cluster is not null)
        {
            _query.Within(_state.Indexes.TryGetCluster(cluster, out var numbers) ? numbers : null);
        }

        return this;
    }

    /// <summary>Only agents that have all of these labels, with these values.</summary>
    public AgentSearch Labelled(IReadOnlyList<KeyValuePair<string, string>> labels)
    {
        _labels = labels;
        return this;
    }

    /// <summary>Only this agent and all below it, the dead included; none where there is no such agent.</summary>
    public AgentSearch InSubtree(string? id)
    {
        if (id is not null)
        {
            _query.Within(
                _state.Find(id) is { } root ? Numbers(_state.Descendants(root.Agent.Number, dead: true).Append(root)) : null);
        }

        return this;
    }

    /// <summary>Only agents within the reach of a key.</summary>
    public AgentSearch Within(Reach? reach)
    {
        foreach (var cluster in reach?.Clusters ?? [])
        {
            InCluster(cluster);
        }

        foreach (var id in reach?.Agents ?? [])
        {
            _query.Within(_state.Find(id) is { } slot ? Numbers([slot]) : null);
        }

        foreach (var id in reach?.Subtrees ?? [])
        {
            InSubtree(id);
        }

        return this;
    }

    /// <summary>
    /// Adds up to <paramref name="limit"/> agents after number <paramref name="after"/> to <paramref name="page"/>. Returns the number to
    /// continue after, or -1 if there are no more.
    /// </summary>
    public int Fill(List<AgentSlot> page, int after, int limit, Moment now)
    {
        foreach (var slot in After(after, now))
        {
            if (page.Count == limit)
            {
                return page[^1].Agent.Number;
            }

            page.Add(slot);
        }

        return -1;
    }

    /// <summary>How many agents there are, on every page.</summary>
    public int Count(Moment now) => After(-1, now).Count();

    private IEnumerable<AgentSlot> After(int after, Moment now)
    {
        if (_query.IsEmpty)
        {
            yield break;
        }

        var count = _state.Slots.Count;
        var first = after + 1;
        for (var word = first >> 6; word << 6 < count; word++)
        {
            var bits = _query.Word(word);
            if (word == first >> 6)
            {
                bits &= ulong.MaxValue << (first & 63);
            }

            for (; bits != 0; bits &= bits - 1)
            {
                var number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                if (number >= count)
                {
                    yield break;
                }

                if (_state.Slots[number] is not { } slot || slot.Agent.Born > _asOf)
                {
                    continue; // forgotten since the sets were read; the number's new owner is in none of them
                }

                if ((!_stalledOnly || slot.ReadVitals().IsStalled(now)) && HasLabels(slot.Agent))
                {
                    yield return slot;
                }
            }
        }
    }

    private bool HasLabels(Agent agent)
    {
        foreach (var (name, wanted) in _labels)
        {
            if (!agent.Labels.Labels.TryGetValue(name, out var value) || value != wanted)
            {
                return false;
            }
        }

        return true;
    }

    private static NumberSet Numbers(IEnumerable<AgentSlot> slots)
    {
        var numbers = new NumberSet();
        foreach (var slot in slots)
        {
            numbers.Set(slot.Agent.Number, true);
        }

        return numbers;
    }
}
