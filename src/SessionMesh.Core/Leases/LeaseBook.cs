using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Leases;

/// <summary>
/// When leases lapse and what is due next for an agent. An agent's lease runs on monotonic time, so that a jump of the
/// wall clock kills nobody, and never through a time in which the server itself was away. Thread-safe.
/// </summary>
public sealed class LeaseBook(SlotList<AgentSlot?> slots)
{
    /// <summary>Milliseconds that every lease gets at least after the server itself was away.</summary>
    public const long ReturnGrace = 30_000;

    private readonly LeaseWheel<AgentSlot> _wheel = new();
    private long _returnedAt;
    private long _noForceBefore;

    /// <summary>
    /// The server was away, or stalled, until <paramref name="now"/>: every lease gets its full TTL again, at least
    /// <see cref="ReturnGrace"/>, and no running grace period ends sooner than that.
    /// </summary>
    public void ServerReturned(Moment now)
    {
        Volatile.Write(ref _returnedAt, now.Lease);
        Volatile.Write(ref _noForceBefore, now.Wall + ReturnGrace);
    }

    /// <summary>Lease-clock time at which the agent's lease lapses (it then is suspect, and a TTL later lost).</summary>
    public long LapsesAt(Agent agent, in Vitals vitals)
    {
        var returned = Volatile.Read(ref _returnedAt);
        var ttl = (vitals.GrantedTtl > 0 ? vitals.GrantedTtl : agent.Ttl) * 1000L;
        return vitals.TouchedAt < returned
            ? returned + Math.Max(ttl, ReturnGrace)
            : vitals.TouchedAt + ttl;
    }

    /// <summary>
    /// Whether the agent beat although its lease was found lapsed: the beat came between that finding and its commit. The next
    /// look takes the lapse back. (A lease that only began anew with the server's return is no sign of life.)
    /// </summary>
    public bool BeatMeanwhile(Agent agent, in Vitals vitals, Moment now) =>
        vitals.TouchedAt >= Volatile.Read(ref _returnedAt) && LapsesAt(agent, vitals) > now.Lease;

    /// <summary>Wall time at which force follows on a stop.</summary>
    public long ForceAt(StopRequest stop)
    {
        var noForceBefore = Volatile.Read(ref _noForceBefore);
        return stop.At < noForceBefore - ReturnGrace ? Math.Max(stop.Deadline, noForceBefore) : stop.Deadline;
    }

    /// <summary>Lease-clock time at which something about this agent is due next; <see cref="long.MaxValue"/> for never.</summary>
    public long DueAt(AgentSlot slot, Moment now)
    {
        var agent = slot.Agent;
        var due = slot.Inbox.Pending.IsEmpty ? long.MaxValue : OnLeaseClock(slot.Inbox.EarliestExpiry, now);
        switch (agent.Liveness)
        {
            case Liveness.Alive:
                due = Math.Min(due, LapsesAt(agent, slot.ReadVitals()));
                break;
            case Liveness.Suspect:
                var vitals = slot.ReadVitals();
                due = Math.Min(due, BeatMeanwhile(agent, vitals, now) ? now.Lease : LapsesAt(agent, vitals) + (agent.Ttl * 1000L));
                break;
            case Liveness.Stopping when agent.Stop is { } stop:
                due = Math.Min(due, OnLeaseClock(ForceAt(stop), now));
                break;
        }

        return due;
    }

    public void Schedule(AgentSlot slot, int number, Moment now)
    {
        var due = DueAt(slot, now);
        if (due != long.MaxValue)
        {
            Schedule(slot, due);
        }
    }

    /// <summary>Looks at the agent at the next tick, whatever is due.</summary>
    public void ScheduleSoon(int number, Moment now)
    {
        if (slots[number] is { } slot)
        {
            Schedule(slot, now.Lease);
        }
    }

    /// <summary>Agents that the wheel will look at.</summary>
    internal int Count => _wheel.Count;

    /// <summary>Nothing is ever due there again.</summary>
    internal void Forget(AgentSlot slot) => _wheel.Remove(slot);

    /// <summary>
    /// Takes the agents for which something is due now; those whose tick came but who renewed meanwhile are scheduled
    /// again, in passing. Those that are due are looked at again at the next tick too: nothing comes of being found when a
    /// beat comes before the decision, the queue is full or the commit fails, and what nobody looks at never lapses.
    /// </summary>
    public List<int> TakeDue(Moment now)
    {
        var candidates = new List<AgentSlot>();
        _wheel.CollectDue(now.Lease, candidates);
        var due = new List<int>();
        foreach (var slot in candidates)
        {
            var at = DueAt(slot, now);
            if (at <= now.Lease)
            {
                due.Add(slot.Agent.Number);
                Schedule(slot, now.Lease);
            }
            else if (at != long.MaxValue)
            {
                Schedule(slot, at);
            }
        }

        return due;
    }

    private void Schedule(AgentSlot slot, long at)
    {
        _wheel.Schedule(slot, at);
        if (slot.IsForgotten)
        {
            _wheel.Remove(slot); // meanwhile
        }
    }

    private static long OnLeaseClock(long wall, Moment now) => wall == long.MaxValue ? long.MaxValue : now.Lease + (wall - now.Wall);
}
