using System.Collections.Concurrent;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Leases;

namespace SessionMesh.Core.State;

/// <summary>
/// Knows when leases lapse, when grace periods end, and what is due next for an agent. Both are counted on the lease clock, so that a jump
/// of the wall clock kills nobody, and time during which the server itself was away does not count. The deadline of a grace period is
/// stored as wall time; the countdown is in memory only and starts again after a restart. Thread-safe.
/// </summary>
public sealed class LeaseBook(SlotList<AgentSlot?> slots)
{
    /// <summary>
    /// The minimum, in milliseconds, that every lease and every grace period has left after the server itself was away.
    /// </summary>
    public const long ReturnGrace = 30_000;

    /// <summary>How late a check may be, in milliseconds, before it counts as a stall of the server.</summary>
    public const long StallAfter = 5_000;

    /// <summary>
    /// The brake on mass expiry looks back at least so many seconds: with shorter TTLs a fleet that dies still lapses within what people
    /// call at once.
    /// </summary>
    private const int ShortestWindow = 30;

    /// <summary>
    /// How many held-back leases are checked again at one tick, unless more may lapse. A large fleet takes several ticks.
    /// </summary>
    private const int LooksPerTick = 10_000;

    /// <summary>
    /// How many agents at most become stalled, or move again, by one look: each is a change of the log, and a fleet whose common work
    /// stands still must leave room for others. The rest follows with the next looks.
    /// </summary>
    internal const int StallsPerTick = 1000;

    private readonly LeaseWheel<AgentSlot> _wheel = new();
    private readonly ConcurrentDictionary<int, Grace> _graces = new();
    private readonly LapseWindow _lapses = new();
    private readonly long[] _lostNodes = new long[byte.MaxValue + 1];
    private long _returnedAt;
    private long _heardUntil = long.MaxValue;
    private int _fleetBefore;

    // The tail of the queue of held-back leases: its last tick, and how many leases wait for that tick. Used by the keeper only.
    private long _turn;
    private int _inTurn;

    /// <summary>How many agents <see cref="TakeDue"/> has checked so far, repeats included. This is the cost of expiry.</summary>
    internal long Looks { get; private set; }

    /// <summary>Starts every lease anew, because the server starts.</summary>
    /// <param name="fleet">
    /// How many agents may have been alive at once when the process before granted the leases that are out now; see <see cref="LapsesAt"/>.
    /// </param>
    public void Begin(Moment now, int fleet)
    {
        _fleetBefore = fleet;
        Volatile.Write(ref _returnedAt, now.Lease);
    }

    /// <summary>
    /// The server was away, or stalled, until <paramref name="now"/>: every lease gets its full granted TTL again, at least
    /// <see cref="ReturnGrace"/>. A grace period goes on with what it had left, at least that.
    /// </summary>
    /// <param name="away">Milliseconds for which the lease clock went on meanwhile.</param>
    public void ServerReturned(Moment now, long away)
    {
        Volatile.Write(ref _returnedAt, now.Lease);
        var left = now.Lease - away - LeaseWheel<AgentSlot>.TickMilliseconds;
        foreach (var (number, grace) in _graces)
        {
            // Of one that began after the last look nobody knows whether it was before the absence or after it.
            var rest = grace.Since <= left ? grace.ForceAt - left : grace.ForceAt - grace.Since;
            _graces.TryUpdate(number, grace with { Since = now.Lease, ForceAt = now.Lease + Math.Max(rest, ReturnGrace) }, grace);
        }
    }

    /// <summary>
    /// Lease-clock time up to which every heartbeat is known, whichever node took it: nothing is judged by a later one.
    /// <see cref="long.MaxValue"/> where this process takes them all.
    /// </summary>
    public long HeardUntil
    {
        get => Volatile.Read(ref _heardUntil);
        set => Volatile.Write(ref _heardUntil, value);
    }

    /// <summary>Whether a deadline is past, and no heartbeat that came before it can be on its way.</summary>
    public bool IsPast(long deadline, Moment now) => deadline <= Math.Min(now.Lease, HeardUntil);

    /// <summary>Heartbeats on their way from other nodes were lost: every lease begins anew.</summary>
    public void BeatsLost(Moment now) => Volatile.Write(ref _returnedAt, now.Lease);

    /// <summary>
    /// A node went, and with it what it had heard and not passed on: whoever was last heard through it gets the full granted TTL again, at
    /// least <see cref="ReturnGrace"/>.
    /// </summary>
    /// <param name="node">See <see cref="Vitals.HeardThrough"/>.</param>
    public void NodeLost(byte node, Moment now) => Volatile.Write(ref _lostNodes[node], now.Lease);

    /// <summary>
    /// Lease-clock time at which the agent's lease lapses. The agent is then suspect, and lost one TTL later. Grants are not stored, so an
    /// agent that has not been heard since the server started gets the longest lease that can have been granted, which depends only on the
    /// size of the fleet.
    /// </summary>
    public long LapsesAt(Agent agent, in Vitals vitals)
    {
        var returned = ReturnedAt(vitals);
        var ttl = vitals.GrantedTtl > 0 ? vitals.GrantedTtl
            : vitals.TouchedAt == AgentSlot.Never ? LeasePolicy.Grant(agent.Ttl, _fleetBefore)
            : agent.Ttl;
        return vitals.TouchedAt < returned
            ? returned + Math.Max(ttl * 1000L, ReturnGrace)
            : vitals.TouchedAt + (ttl * 1000L);
    }

    /// <summary>
    /// Lease-clock time at which a working agent has made no progress for longer than it promised; <see cref="long.MaxValue"/> for never.
    /// Time during which the server was away does not count, since no heartbeat could tell.
    /// </summary>
    public long StallsAt(in Vitals vitals)
    {
        if (!vitals.HasPromised)
        {
            return long.MaxValue;
        }

        var returned = ReturnedAt(vitals);
        var interval = vitals.ProgressInterval * 1000L;
        return 1 + (vitals.ProgressAt < returned ? returned + Math.Max(interval, ReturnGrace) : vitals.ProgressAt + interval);
    }

    /// <summary>
    /// Call after a heartbeat was taken. It moves nothing in the wheel, unless it promises progress sooner than the wheel may look next.
    /// </summary>
    public void Beaten(AgentSlot slot)
    {
        if (slot.TakePromise() && StallsAt(slot.ReadVitals()) is var at && at != long.MaxValue)
        {
            Schedule(slot, at);
        }
    }

    /// <summary>
    /// Whether a heartbeat arrived after the lease was found lapsed and before that was committed. The next check takes the lapse back. A
    /// lease that only started anew because the server returned is not a sign of life.
    /// </summary>
    public bool BeatMeanwhile(Agent agent, in Vitals vitals, Moment now) =>
        vitals.TouchedAt >= ReturnedAt(vitals) && LapsesAt(agent, vitals) > now.Lease;

    /// <summary>Lease-clock time at which force follows on an agent's stop. One that is not committed yet would begin now.</summary>
    public long ForceAt(int number, StopRequest stop, Moment now) =>
        _graces.TryGetValue(number, out var grace) && ReferenceEquals(grace.Stop, stop) ? grace.ForceAt : now.Lease + Remaining(stop, now);

    /// <summary>Lease-clock time at which something about this agent is due next; <see cref="long.MaxValue"/> for never.</summary>
    public long DueAt(AgentSlot slot, Moment now)
    {
        var agent = slot.Agent;
        var due = slot.Inbox.Pending.IsEmpty ? long.MaxValue : OnLeaseClock(slot.Inbox.EarliestExpiry, now);
        switch (agent.Liveness)
        {
            case Liveness.Alive:
                var vitals = slot.ReadVitals();
                due = Math.Min(due, Math.Min(LapsesAt(agent, vitals), StallDueAt(agent, vitals, now)));
                break;
            case Liveness.Suspect:
                vitals = slot.ReadVitals();
                due = Math.Min(due, BeatMeanwhile(agent, vitals, now) ? now.Lease : LapsesAt(agent, vitals) + (agent.Ttl * 1000L));
                break;
            case Liveness.Stopping when agent.Stop is { } stop:
                due = Math.Min(due, ForceAt(agent.Number, stop, now));
                break;
        }

        return due;
    }

    /// <summary>
    /// Call after an agent or its inbox has changed. Schedules the next check, and starts the grace period of a new stop.
    /// </summary>
    public void Schedule(AgentSlot slot, int number, Moment now)
    {
        if (slot.Agent is not { Liveness: Liveness.Stopping, Stop: { } stop })
        {
            _graces.TryRemove(number, out _);
        }
        else if (!_graces.TryGetValue(number, out var running) || !ReferenceEquals(running.Stop, stop))
        {
            _graces[number] = new Grace(stop, now.Lease, now.Lease + Remaining(stop, now));
        }

        var due = DueAt(slot, now);
        if (due != long.MaxValue)
        {
            Schedule(slot, due);
        }
    }

    /// <summary>
    /// Call when the log's clock has jumped ahead of the lease clock. Directives expire by wall time, so they are due sooner than the wheel
    /// expects. It visits all agents, which is fine because clocks are seldom set.
    /// </summary>
    public void WallJumped(Moment now)
    {
        for (var number = 0; number < slots.Count; number++)
        {
            if (slots[number] is { } slot && !slot.Inbox.Pending.IsEmpty)
            {
                Schedule(slot, OnLeaseClock(slot.Inbox.EarliestExpiry, now));
            }
        }
    }

    /// <summary>A lease has lapsed, in the log.</summary>
    public void Lapsed(Moment now) => _lapses.Count(now.Lease);

    /// <summary>Agents that the wheel will look at.</summary>
    internal int Count => _wheel.Count;

    /// <summary>Nothing is ever due there again.</summary>
    internal void Forget(AgentSlot slot)
    {
        _wheel.Remove(slot);
        _graces.TryRemove(slot.Agent.Number, out _);
    }

    /// <summary>
    /// Takes the agents for which something is due now, and reschedules those that have renewed since. An agent that is due is also checked
    /// at the next tick, because the command may come to nothing: a heartbeat may arrive first, the queue may be full, or the commit may
    /// fail. At most <see cref="LeasePolicy.LapsesPerTick"/> leases lapse, and at most <see cref="StallsPerTick"/> agents stall; the
    /// others queue for a later tick.
    /// </summary>
    /// <param name="alive">Agents that are alive now.</param>
    public Due TakeDue(Moment now, int alive)
    {
        var candidates = new List<AgentSlot>();
        _wheel.CollectDue(now.Lease, candidates);
        Looks += candidates.Count;
        var due = new List<int>();
        var lapsing = new List<AgentSlot>();
        var stalls = 0;
        var window = ShortestWindow;
        foreach (var slot in candidates)
        {
            var at = DueAt(slot, now);
            if (at > now.Lease)
            {
                if (at != long.MaxValue)
                {
                    Schedule(slot, at);
                }
            }
            else if (slot.Agent is { Liveness: Liveness.Alive } agent && LapsesAt(agent, slot.ReadVitals()) <= now.Lease)
            {
                if (!IsPast(LapsesAt(agent, slot.ReadVitals()), now))
                {
                    Schedule(slot, now.Lease); // another node may have heard it
                    continue;
                }

                lapsing.Add(slot);
                window = Math.Max(window, agent.Ttl);
            }
            else if (IsOfStallOnly(slot, now) && ++stalls > StallsPerTick)
            {
                var turn = now.Lease + (stalls / StallsPerTick * LeaseWheel<AgentSlot>.TickMilliseconds);
                Schedule(slot, Math.Min(turn, LapsesAt(slot.Agent, slot.ReadVitals())));
            }
            else
            {
                due.Add(slot.Agent.Number);
                Schedule(slot, now.Lease);
            }
        }

        var before = _lapses.Within(window, now.Lease);
        var waiting = (int)Math.Max(0, (_turn - now.Lease) / LeaseWheel<AgentSlot>.TickMilliseconds * LooksPerTick);
        var most = Math.Min(lapsing.Count, LeasePolicy.LapsesPerTick(lapsing.Count + waiting, before, alive));
        foreach (var slot in lapsing.Take(most))
        {
            due.Add(slot.Agent.Number);
            Schedule(slot, now.Lease);
        }

        Hold(lapsing, most, now);
        return new Due(due, lapsing.Count + waiting, alive + before, most, most < lapsing.Count || waiting > 0);
    }

    /// <summary>When what was heard of an agent last began to count anew.</summary>
    private long ReturnedAt(in Vitals vitals) =>
        Math.Max(Volatile.Read(ref _returnedAt), vitals.HeardThrough == 0 ? 0 : Volatile.Read(ref _lostNodes[vitals.HeardThrough]));

    /// <summary>Lease-clock time at which the log must say that an agent stalled, or that it moves again.</summary>
    private long StallDueAt(Agent agent, in Vitals vitals, Moment now) =>
        agent.Stall is null ? StallsAt(vitals) : vitals.Moved ? now.Lease : long.MaxValue;

    /// <summary>Whether nothing is due for the agent but that.</summary>
    private bool IsOfStallOnly(AgentSlot slot, Moment now) =>
        slot.Agent is { Liveness: Liveness.Alive } agent
        && StallDueAt(agent, slot.ReadVitals(), now) <= now.Lease
        && (slot.Inbox.Pending.IsEmpty || OnLeaseClock(slot.Inbox.EarliestExpiry, now) > now.Lease);

    /// <summary>
    /// Queues those after the first <paramref name="most"/> for another check, behind those that wait already, and not before the next
    /// tick.
    /// </summary>
    private void Hold(List<AgentSlot> lapsing, int most, Moment now)
    {
        if (_turn < now.Lease)
        {
            (_turn, _inTurn) = (now.Lease, 0);
        }

        for (var i = most; i < lapsing.Count; i++)
        {
            if (_inTurn >= Math.Max(most, LooksPerTick))
            {
                (_turn, _inTurn) = (_turn + LeaseWheel<AgentSlot>.TickMilliseconds, 0);
            }

            Schedule(lapsing[i], _turn);
            _inTurn++;
        }
    }

    /// <summary>Milliseconds of grace that a stop has left by wall time: never more than it was given.</summary>
    private static long Remaining(StopRequest stop, Moment now) =>
        Math.Clamp(stop.Deadline - now.Wall, 0, Math.Max(0, stop.Deadline - stop.At));

    private void Schedule(AgentSlot slot, long at)
    {
        _wheel.Schedule(slot, at);
        if (slot.IsForgotten)
        {
            _wheel.Remove(slot); // it may have been scheduled since
        }
    }

    private static long OnLeaseClock(long wall, Moment now) => wall == long.MaxValue ? long.MaxValue : now.Lease + (wall - now.Wall);

    /// <summary>A running grace period.</summary>
    /// <param name="Stop">The agent's record that it belongs to, compared by reference.</param>
    /// <param name="Since">Lease-clock time from which it is counted.</param>
    /// <param name="ForceAt">Lease-clock time of its end.</param>
    private sealed record Grace(StopRequest Stop, long Since, long ForceAt);
}

/// <summary>What a check of the wheel found.</summary>
/// <param name="Numbers">Agents for which something is due.</param>
/// <param name="Lapsing">Leases that would lapse, those held back included.</param>
/// <param name="Fleet">How many the brake takes for the whole.</param>
/// <param name="Lapse">How many of the leases may lapse now.</param>
/// <param name="IsSlowed">Whether any were held back.</param>
public sealed record Due(IReadOnlyList<int> Numbers, int Lapsing, int Fleet, int Lapse, bool IsSlowed);
