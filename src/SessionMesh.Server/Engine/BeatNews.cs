using System.Collections.Concurrent;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Agents that were heard here since the other nodes were last told; each is there once, so that it never has more than there are agents.
/// Off, and free, on a server that is alone. Thread-safe.
/// </summary>
public sealed class BeatNews
{
    private readonly ConcurrentQueue<AgentSlot> _slots = new();
    private volatile bool _isOn;

    /// <summary>Whether anybody is to be told.</summary>
    public bool IsOn
    {
        get => _isOn;
        set => _isOn = value;
    }

    /// <summary>A heartbeat was taken, or a stream was opened or closed.</summary>
    public void Add(AgentSlot slot)
    {
        if (_isOn && slot.TryMarkNews())
        {
            _slots.Enqueue(slot);
        }
    }

    /// <summary>A batch of this node is done: whoever it renewed was heard here, whether or not it is in the log.</summary>
    public void Add(MeshDraft done, Moment now)
    {
        if (!_isOn)
        {
            return;
        }

        foreach (var number in done.Renewed)
        {
            if (done.Base.Slots[number] is { } slot)
            {
                slot.Hear(now);
                Add(slot);
            }
        }
    }

    /// <summary>The next one; whatever happens to it from now on makes it news again.</summary>
    public bool TryTake(out AgentSlot slot)
    {
        if (!_slots.TryDequeue(out slot!))
        {
            return false;
        }

        slot.ClearNews();
        return true;
    }
}
