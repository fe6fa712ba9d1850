using System.Numerics;
using SessionMesh.Contracts;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Discovery;

/// <summary>
/// The agents that a list asks for, a page at a time. What indexes know is a set of bitmaps that are ANDed, 64 agents at a time. Of those,
/// the ones whose <see cref="Signatures"/> lack a label that is asked for are passed over. What remains is looked up agent by agent, of
/// which a page looks at <see cref="Limits.ListLooks"/> in vain and no more. An agent's number never changes, and neither does its id, so
/// that either is a stable place to go on from.
/// </summary>
internal sealed class AgentSearch
{
    private readonly MeshState _state;
    private readonly AgentCriteria _criteria;
    private readonly NumberQuery _query = new();
    private readonly long _asOf;
    private readonly bool _looks;
    private readonly ulong _signature;

    /// <param name="reach">Of the key that asks; null for no limit.</param>
    public AgentSearch(MeshState state, AgentCriteria criteria, Reach? reach)
    {
        (_state, _criteria, _looks) = (state, criteria, criteria.LooksAtEach);
        _asOf = state.Revision; // before reading any set
        _signature = criteria.Signature;
        var indexes = state.Indexes;
        if (criteria.Filter.Among is [var only])
        {
            _query.Within(indexes.With(only));
        }
        else if (criteria.Filter.Among.Count > 0)
        {
            _query.WithinAny(criteria.Filter.Among.Select(indexes.With));
        }

        if (criteria.Filter.IsPaused)
        {
            _query.Within(indexes.Paused);
        }

        foreach (var name in criteria.Specializations)
        {
            _query.Within(Specialized(name));
        }

        if (criteria.AnySpecialization.Count > 0)
        {
            _query.WithinAny(criteria.AnySpecialization.Select(Specialized).OfType<NumberSet>());
        }

        foreach (var cluster in reach?.Clusters ?? [])
        {
            _query.Within(Clustered(cluster));
        }

        if (criteria.Cluster is { } wanted)
        {
            _query.Within(Clustered(wanted));
        }

        foreach (var id in reach?.Subtrees ?? [])
        {
            _query.Within(SubtreeOf(id));
        }

        if (criteria.Subtree is { } root)
        {
            _query.Within(SubtreeOf(root));
        }

        foreach (var id in reach?.Agents ?? [])
        {
            _query.Within(state.Find(id) is { } slot ? Numbers([slot.Agent.Number]) : null);
        }

        if (criteria.Parent is { } parent)
        {
            _query.Within(state.Find(parent) is { } slot ? Numbers(state.Forest.Children(slot.Agent.Number)) : null);
        }
    }

    /// <summary>
    /// Adds up to <paramref name="limit"/> agents after number <paramref name="after"/> to <paramref name="page"/>. Returns the number to
    /// continue after, or -1 if there are no more.
    /// </summary>
    public int Fill(List<AgentSlot> page, int after, int limit, Moment now)
    {
        var inVain = 0;
        foreach (var slot in Candidates(after))
        {
            if (!Matches(slot, now))
            {
                if (++inVain == Limits.ListLooks)
                {
                    return slot.Agent.Number;
                }
            }
            else if (page.Count == limit)
            {
                return page[^1].Agent.Number;
            }
            else
            {
                page.Add(slot);
            }
        }

        return -1;
    }

    /// <summary>
    /// Adds up to <paramref name="limit"/> agents after an id, or before it where the order is reversed. Returns the id to continue after,
    /// or null if there are no more.
    /// </summary>
    public string? FillById(List<AgentSlot> page, string? after, bool isReversed, int limit, Moment now)
    {
        var inVain = 0;
        foreach (var slot in _query.IsEmpty ? [] : InOrderOfIds(after, isReversed))
        {
            if (!Holds(slot, now))
            {
                if (++inVain == Limits.ListLooks)
                {
                    return slot.Agent.Id;
                }
            }
            else if (page.Count == limit)
            {
                return page[^1].Agent.Id;
            }
            else
            {
                page.Add(slot);
            }
        }

        return null;
    }

    /// <summary>Every agent, or, upwards and with a prefix, those that begin with it.</summary>
    private IEnumerable<AgentSlot> InOrderOfIds(string? after, bool isReversed) =>
        isReversed ? _state.Ids.Before(after)
        : _criteria.Prefix is not { } prefix ? _state.Ids.After(after)
        : (after is null ? _state.Ids.From(prefix) : _state.Ids.After(after))
            .TakeWhile(slot => slot.Agent.Id.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>
    /// Adds up to <paramref name="limit"/> agents in an order that no index knows. The agents are taken in runs of
    /// <see cref="Limits.ListLooks"/>, each sorted by itself: a list of no more than that is in order as a whole.
    /// </summary>
    /// <param name="from">Where the page begins.</param>
    /// <returns>Where the next page begins, or null if there are no more.</returns>
    public InRun? FillByKey(List<AgentSlot> page, AgentOrder order, InRun from, int limit, Moment now)
    {
        var (looks, end) = (0, int.MaxValue);
        var found = new List<(SortKey Key, AgentSlot Slot)>();
        foreach (var slot in Candidates(from.Start))
        {
            if (slot.Agent.Number > from.End)
            {
                break;
            }

            if (Matches(slot, now) && order.KeyOf(slot) is var key && (from.After is not { } after || key > after))
            {
                found.Add((key, slot));
            }

            if (++looks == Limits.ListLooks && from.End == int.MaxValue)
            {
                end = slot.Agent.Number;
                break;
            }
        }

        end = Math.Min(end, from.End);
        found.Sort(static (one, other) => one.Key.CompareTo(other.Key));
        page.AddRange(found.Take(limit).Select(one => one.Slot));
        return found.Count > limit ? new InRun(from.Start, end, found[limit - 1].Key)
            : end < int.MaxValue && Candidates(end).MoveNext() ? new InRun(end, int.MaxValue, null)
            : null;
    }

    /// <summary>How many agents there are, on every page.</summary>
    public int Count(Moment now)
    {
        var count = 0;
        foreach (var slot in Candidates(-1))
        {
            count += Matches(slot, now) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Whether an agent is among those that are asked for, on whatever page.</summary>
    public bool Holds(AgentSlot slot, Moment now) =>
        !slot.IsForgotten && _query.Contains(slot.Agent.Number) && Matches(slot, now);

    private bool Matches(AgentSlot slot, Moment now) => !_looks || _criteria.Matches(slot, _state, now);

    /// <summary>Those after a number that match all that the indexes know, in order of their numbers.</summary>
    private Scan Candidates(int after) => new(this, after);

    private NumberSet? Clustered(string name) => _state.Indexes.TryGetCluster(name, out var numbers) ? numbers : null;

    private NumberSet? Specialized(string name) => _state.Indexes.TryGetSpecialization(name, out var numbers) ? numbers : null;

    /// <summary>An agent and all below it, the dead included; null where there is no such agent.</summary>
    private NumberSet? SubtreeOf(string id) => _state.Find(id) is { } root
        ? Numbers(_state.Descendants(root.Agent.Number, dead: true).Append(root).Select(slot => slot.Agent.Number))
        : null;

    private static NumberSet Numbers(IEnumerable<int> numbers)
    {
        var set = new NumberSet();
        foreach (var number in numbers)
        {
            set.Set(number, true);
        }

        return set;
    }

    /// <summary>
    /// A walk over the bitmaps, a word at a time. For a large page this loop is a part of the cost, so it allocates nothing.
    /// </summary>
    private struct Scan(AgentSearch search, int after)
    {
        private readonly int _count = search._query.IsEmpty ? 0 : search._state.Slots.Count;
        private int _word = ((after + 1) >> 6) - 1;
        private ulong _bits;

        public AgentSlot Current { get; private set; } = null!;

        public readonly Scan GetEnumerator() => this;

        public bool MoveNext()
        {
            while (true)
            {
                while (_bits == 0)
                {
                    _word = search._query.NextWord(_word + 1);
                    if (_word >= (_count + 63) >> 6)
                    {
                        _word = int.MaxValue - 1; // where the next call finds nothing, too
                        return false;
                    }

                    _bits = search._query.Word(_word);
                    if (_word == (after + 1) >> 6)
                    {
                        _bits &= ulong.MaxValue << ((after + 1) & 63);
                    }
                }

                var number = (_word << 6) + BitOperations.TrailingZeroCount(_bits);
                _bits &= _bits - 1;
                if (number >= _count)
                {
                    return false;
                }

                if (search._state.Indexes.Signatures.MayHave(number, search._signature)
                    && search._state.Slots[number] is { } slot && slot.Agent.Born <= search._asOf)
                {
                    Current = slot; // any other was forgotten since the sets were read; the number's new owner is in none of them
                    return true;
                }
            }
        }
    }
}
