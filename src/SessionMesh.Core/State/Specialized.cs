using System.Numerics;
using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>The agents with a specialization, or with one below it. One writer, readers at any time.</summary>
internal sealed class Specialized(string path, SlotList<AgentSlot?> slots)
{
    private readonly Lock _gate = new();
    private RoomOrder? _order;
    private int _room;

    public NumberSet Agents { get; } = new();

    /// <summary>How many of them have room.</summary>
    public int Room => Volatile.Read(ref _room);

    /// <summary>
    /// Those with room, in order. Made when it is first asked for, because most specializations are never matched and it costs about 150
    /// bytes an agent.
    /// </summary>
    public RoomOrder Order()
    {
        lock (_gate)
        {
            if (_order is not null)
            {
                return _order;
            }

            _order = new RoomOrder(path, slots);
        }

        // What changes from now on is marked by whoever changes it.
        for (var word = Agents.NextWord(0); word <= (slots.Count - 1) >> 6; word = Agents.NextWord(word + 1))
        {
            for (var bits = Agents.Word(word); bits != 0; bits &= bits - 1)
            {
                _order.Mark((word << 6) + BitOperations.TrailingZeroCount(bits));
            }
        }

        return _order;
    }

    /// <summary>The agent's record is another.</summary>
    public void Update(Agent? before, Agent? after)
    {
        var had = before is not null && RoomPlace.RoomFor(before, path) is not null;
        var has = after is not null && RoomPlace.RoomFor(after, path) is not null;
        Volatile.Write(ref _room, _room + (has ? 1 : 0) - (had ? 1 : 0));
        Mark((after ?? before)!.Number);
    }

    public void Mark(int number)
    {
        RoomOrder? order;
        lock (_gate)
        {
            order = _order;
        }

        order?.Mark(number);
    }
}
