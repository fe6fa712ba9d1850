using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Agents;

namespace SessionMesh.Server.Discovery;

/// <summary>A word of <see cref="AliveSort.Allowed"/>, taken apart.</summary>
internal readonly record struct AgentOrder(string By, bool IsReversed)
{
    /// <param name="word">One that was checked before.</param>
    public static AgentOrder Of(string word) => word[0] == '-' ? new(word[1..], IsReversed: true) : new(word, IsReversed: false);

    /// <summary>Where an agent stands in this order. What heartbeats report may be another place at the next look.</summary>
    public SortKey KeyOf(AgentSlot slot)
    {
        var vitals = slot.ReadVitals();
        double value = By switch
        {
            AliveSort.Load => vitals.Load,
            AliveSort.Progress => vitals.Progress,
            AliveSort.LastSeen => vitals.TouchedAt == AgentSlot.Never ? double.NaN : vitals.TouchedAt,
            _ => -slot.Agent.CreatedAt,
        };
        return new SortKey(IsReversed ? -value : value, slot.Agent.Number);
    }
}

/// <summary>A place in an order: by value, what has none last, and among equals by number, so that no two places are the same.</summary>
internal readonly record struct SortKey(double Value, int Number) : IComparable<SortKey>
{
    public static bool operator >(SortKey one, SortKey other) => one.CompareTo(other) > 0;

    public static bool operator <(SortKey one, SortKey other) => one.CompareTo(other) < 0;

    public static bool operator >=(SortKey one, SortKey other) => one.CompareTo(other) >= 0;

    public static bool operator <=(SortKey one, SortKey other) => one.CompareTo(other) <= 0;

    public int CompareTo(SortKey other)
    {
        var unknown = double.IsNaN(Value).CompareTo(double.IsNaN(other.Value));
        return unknown != 0 ? unknown
            : Value.Equals(other.Value) ? Number.CompareTo(other.Number)
            : Value.CompareTo(other.Value);
    }
}
