using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>The tree of parents and children, as links inside the slots: a million agents cost twelve bytes each. Thread-safe.</summary>
public sealed class Forest(SlotList<AgentSlot?> slots)
{
    private readonly Lock _gate = new();

    internal void Move(AgentSlot slot, int number, int from, int to)
    {
        if (from == to)
        {
            return;
        }

        lock (_gate)
        {
            if (from >= 0)
            {
                Unlink(slot, from);
            }

            if (to >= 0)
            {
                var parent = slots[to]!;
                slot.NextSibling = parent.FirstChild;
                if (parent.FirstChild >= 0)
                {
                    slots[parent.FirstChild]!.PreviousSibling = number;
                }

                parent.FirstChild = number;
            }
        }
    }

    /// <summary>Numbers of the direct children; empty for an agent that was forgotten.</summary>
    public List<int> Children(int number)
    {
        var children = new List<int>();
        lock (_gate)
        {
            for (var child = slots[number]?.FirstChild ?? -1; child >= 0; child = slots[child]!.NextSibling)
            {
                children.Add(child);
            }
        }

        return children;
    }

    private void Unlink(AgentSlot slot, int parent)
    {
        if (slot.PreviousSibling >= 0)
        {
            slots[slot.PreviousSibling]!.NextSibling = slot.NextSibling;
        }
        else
        {
            slots[parent]!.FirstChild = slot.NextSibling;
        }

        if (slot.NextSibling >= 0)
        {
            slots[slot.NextSibling]!.PreviousSibling = slot.PreviousSibling;
        }

        (slot.NextSibling, slot.PreviousSibling) = (-1, -1);
    }
}
