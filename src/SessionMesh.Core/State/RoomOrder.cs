using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>
/// The agents with room for one specialization, least loaded first. Whoever changes something about an agent only marks it; whoever reads
/// the order first puts the marked ones into their places. So the writer and heartbeats pay next to nothing, and a match costs as much as
/// has changed since the last one. Thread-safe.
/// </summary>
internal sealed class RoomOrder(string path, SlotList<AgentSlot?> slots)
{
    private readonly Lock _gate = new();
    private readonly SortedSet<RoomPlace> _order = new(RoomPlace.LeastLoaded);
    private readonly Dictionary<int, RoomPlace> _places = [];

    private readonly Lock _marking = new();
    private HashSet<int> _marked = [];
    private HashSet<int> _spare = [];

    /// <summary>Something about that agent is different: its record, or its load.</summary>
    public void Mark(int number)
    {
        lock (_marking)
        {
            _marked.Add(number);
        }
    }

    /// <summary>Calls <paramref name="visit"/> with each place in order, until it returns false. Others wait for it.</summary>
    public void Visit(Predicate<RoomPlace> visit)
    {
        lock (_gate)
        {
            PutMarked();
            foreach (var place in _order)
            {
                if (!visit(place))
                {
                    return;
                }
            }
        }
    }

    private void PutMarked()
    {
        lock (_marking)
        {
            if (_marked.Count == 0)
            {
                return;
            }

            (_marked, _spare) = (_spare, _marked);
        }

        foreach (var number in _spare)
        {
            if (_places.Remove(number, out var before))
            {
                _order.Remove(before);
            }

            if (number < slots.Count && slots[number] is { } slot && RoomPlace.Of(slot.Agent, slot.Load, path) is { } place)
            {
                _places.Add(number, place);
                _order.Add(place);
            }
        }

        _spare.Clear();
        _spare.TrimExcess(64);
    }
}
