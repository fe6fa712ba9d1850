using System.Collections.Concurrent;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Leases;
using SessionMesh.Core.Links;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>
/// Everything that can still change, in memory. Its public members read, and are safe on any thread at any time; only
/// <see cref="MeshDraft.Commit"/>, called by the one writer, changes it (heartbeats aside, see <see cref="AgentSlot"/>). A reader may
/// see one record of a batch before another; each record by itself is whole.
/// </summary>
public sealed class MeshState
{
    private readonly ConcurrentDictionary<string, AgentSlot> _byId = new(1, 1024, StringComparer.Ordinal);
    private long _revision;
    private int _forgottenIncarnation;
    private int _forgetting;

    public MeshState()
    {
        Forest = new Forest(Slots);
        Leases = new LeaseBook(Slots);
        Indexes = new AgentIndexes(Slots);
    }

    /// <summary>
    /// By number. The place of a forgotten agent is empty until a new one gets it: a reader that has a number from elsewhere may find no
    /// agent there, or another one; see <see cref="SlotSince"/>.
    /// </summary>
    public SlotList<AgentSlot?> Slots { get; } = new();
    public Forest Forest { get; }

    /// <summary>The agents by id. Complete once the store is loaded.</summary>
    public IdOrder Ids { get; } = new();
    public AgentIndexes Indexes { get; }
    public RecentAgents Recent { get; } = new();
    public LeaseBook Leases { get; }
    public KeyTable Keys { get; } = new();
    public ReceiptTable Receipts { get; } = new();
    public SessionTable Sessions { get; } = new();
    public ClaimTable Claims { get; } = new();
    public LinkTable Links { get; } = new();

    /// <summary>
    /// The newest message that was kept for many. A batch refers to none but its own, so that a start needs none. The writer's alone.
    /// </summary>
    internal MessageKept? Message { get; set; }

    /// <summary>Revision of the newest change that is committed and applied.</summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>
    /// Which life of the store this is: raised by every restore, and not in the log, because a restore replaces the file. Sequence numbers
    /// and incarnations of one epoch mean nothing in another. It does not change while a server runs.
    /// </summary>
    public long Epoch { get; private set; } = 1;

    /// <summary>Agents that are known.</summary>
    public int AgentCount => _byId.Count;

    /// <summary>Highest incarnation of any forgotten agent; 0 for none. A new agent begins above it.</summary>
    public int ForgottenIncarnation => Volatile.Read(ref _forgottenIncarnation);

    /// <summary>Numbers for the next new agents, below that of the newest.</summary>
    internal FreeNumbers Free { get; } = new();

    /// <summary>An agent by its number; null where it was forgotten.</summary>
    public Agent? AgentAt(int number) => number < Slots.Count ? Slots[number]?.Agent : null;

    /// <summary>
    /// The agent that has a number, if it has had it since before <paramref name="revision"/>: then a record of that revision with that
    /// number is its own. Null when that agent was forgotten, whichever has the number now.
    /// </summary>
    public AgentSlot? SlotSince(int number, long revision) =>
        number < Slots.Count && Slots[number] is { } slot && slot.Agent.Born < revision ? slot : null;

    /// <summary>The slot of an agent; null when it was forgotten, or when the batch that made it known is not applied yet.</summary>
    public AgentSlot? SlotOf(Agent agent) =>
        agent.Number < Slots.Count && Slots[agent.Number] is { } slot && slot.Agent.Born == agent.Born ? slot : null;

    /// <summary>Whether a key reaches an agent, as it stands now. A forgotten agent is reached only by keys without a limit.</summary>
    public bool Reaches(Keys.Key key, Agent agent) => key.Reach is null || ReachesNow(key, agent);

    /// <summary>Id of an agent's parent, as of that record or later; null for none.</summary>
    public string? ParentId(Agent agent)
    {
        if (agent.Parent < 0)
        {
            return null;
        }

        var before = Volatile.Read(ref _forgetting);
        var id = AgentAt(agent.Parent)?.Id;
        return (before & 1) == 0 && ReferenceEquals(AgentAt(agent.Number), agent) && Volatile.Read(ref _forgetting) == before
            ? id
            : ParentIdNow(agent);
    }

    public AgentSlot? Find(string agentId) => _byId.GetValueOrDefault(agentId);

    /// <summary>Agents below this one at any depth, in no order.</summary>
    /// <param name="dead">Whether those that are dead count too.</param>
    public List<AgentSlot> Descendants(int number, bool dead = false)
    {
        var found = new List<AgentSlot>();
        var open = new Stack<int>(Forest.Children(number));
        while (open.TryPop(out var child))
        {
            if (Slots[child] is not { } slot)
            {
                continue;
            }

            if (dead || slot.Agent.Liveness != Liveness.Dead)
            {
                found.Add(slot);
            }

            foreach (var next in Forest.Children(child))
            {
                open.Push(next);
            }
        }

        return found;
    }

    /// <summary>
    /// All that is durable, at this revision. The writer's alone, between two batches: it copies references to the records, 40 ms for a
    /// million agents. What is done with it may take its time on any thread.
    /// </summary>
    public StateSnapshot Snapshot() => new(this);

    /// <summary>Takes over what the tables hold; only before the state is shared, agents in order of their numbers.</summary>
    public void Load(Agent agent, Inbox inbox) => Add(agent).Replace(inbox);

    /// <inheritdoc cref="ForgottenIncarnation"/>
    public void Load(int forgottenIncarnation) => _forgottenIncarnation = forgottenIncarnation;

    /// <summary>
    /// After the last <see cref="Load(Agent, Inbox)"/>: parents are linked, leases begin, the log stands at <paramref name="revision"/>.
    /// </summary>
    /// <param name="newestAt">Wall milliseconds of its newest change.</param>
    public void Loaded(long revision, long newestAt, Moment now)
    {
        _revision = revision;
        Leases.Begin(now, FleetBefore(newestAt));
        var slots = new List<AgentSlot>(Slots.Count);
        for (var number = 0; number < Slots.Count; number++)
        {
            if (Slots[number] is { } slot)
            {
                slots.Add(slot);
                Forest.Move(slot, number, -1, slot.Agent.Parent);
                Leases.Schedule(slot, number, now);
            }
        }

        Ids.Load(slots);
        Leases.ServerReturned(now, away: 0); // restarts the grace periods
    }

    public void LoadEpoch(long epoch) => Epoch = epoch;

    public void Load(Keys.Key key) => Keys.Put(key);

    public void Load(Sessions.Session session) => Sessions.Put(session);

    /// <summary>After the agents.</summary>
    public void Load(Claim claim, Moment now)
    {
        if (AgentAt(claim.Agent) is { } agent)
        {
            Put(agent with { Holds = agent.Holds.With(claim.Specialization, 1) });
            Claims.Put(claim, now);
        }
    }

    /// <summary>After the agents.</summary>
    public void Load(Link link) => Links.Put(link);

    public void Load(Idempotency.Receipt receipt) => Receipts.Put(receipt);

    internal AgentSlot Put(Agent agent, Inbox? inbox = null)
    {
        if (agent.Number >= Slots.Count || Slots[agent.Number] is not { } slot)
        {
            var added = Add(agent);
            Ids.Add(added);
            return added;
        }

        var before = slot.Agent;
        slot.Replace(agent, inbox);
        Indexes.Update(before, agent);
        return slot;
    }

    /// <summary>
    /// An upper bound for the number of agents that were alive at once while the previous process granted the leases that were running when
    /// it ended: all agents that still have a session, and all that died since the oldest of those grants. No such lease is longer than one
    /// for the whole fleet of this store, and the process ended no earlier than the newest change. Counting back from that change by that
    /// length therefore misses none, and no lease granted now is too short.
    /// </summary>
    private int FleetBefore(long newestAt)
    {
        var since = newestAt - (LeasePolicy.Grant(0, Slots.Count) * 1000L);
        var fleet = 0;
        for (var number = 0; number < Slots.Count; number++)
        {
            fleet += Slots[number]?.Agent is { } agent && (agent.HasSession || agent.LastExit?.At >= since) ? 1 : 0;
        }

        return fleet;
    }

    /// <summary>
    /// Removes forgotten agents, by number, as they last were. Readers that go from one agent to another meanwhile look again, see
    /// <see cref="Steady"/>.
    /// </summary>
    /// <param name="forgottenIncarnation">Not below <see cref="ForgottenIncarnation"/>.</param>
    internal void Forget(IReadOnlyDictionary<int, Agent> gone, int forgottenIncarnation)
    {
        Volatile.Write(ref _forgottenIncarnation, forgottenIncarnation);
        foreach (var (number, last) in gone)
        {
            // Children first: no other agent may get this number while a record still names it as its parent.
            foreach (var child in Forest.Children(number))
            {
                var orphan = Slots[child]!;
                Forest.Move(orphan, child, number, -1);
                orphan.Replace(orphan.Agent with { Parent = -1, OrphanedFrom = last.Id });
            }
        }

        foreach (var (number, last) in gone)
        {
            var slot = Slots[number]!;
            var before = slot.Agent;
            Forest.Move(slot, number, before.Parent, -1);
            Slots.Set(number, null);
            Free.Set(number, free: true);
            _byId.TryRemove(before.Id, out _);
            Ids.Remove(slot);
            Indexes.Update(before, null);
            slot.Replace(last);
            slot.Vacate();
            Leases.Forget(slot);
        }
    }

    /// <summary>The batch that is being committed reuses numbers; to be followed by <see cref="EndForgetting"/>.</summary>
    internal void BeginForgetting() => Interlocked.Increment(ref _forgetting);

    internal void EndForgetting() => Interlocked.Increment(ref _forgetting);

    internal void Advance(long revision) => Volatile.Write(ref _revision, revision);

    private AgentSlot Add(Agent agent)
    {
        var added = new AgentSlot(agent);
        while (Slots.Count < agent.Number)
        {
            Free.Set(Slots.Count, free: true);
            Slots.Add(null);
        }

        if (agent.Number == Slots.Count)
        {
            Slots.Add(added);
        }
        else
        {
            Free.Set(agent.Number, free: false);
            Slots.Set(agent.Number, added);
        }

        _byId[agent.Id] = added;
        Indexes.Update(null, agent);
        return added;
    }

    private bool ReachesNow(Keys.Key key, Agent agent) =>
        Steady(() => AgentAt(agent.Number) is { } now && now.Born == agent.Born && key.Reaches(now, AgentAt));

    private string? ParentIdNow(Agent agent) =>
        Steady(() => AgentAt(agent.Number) is { Parent: >= 0 } now && now.Born == agent.Born ? AgentAt(now.Parent)?.Id : null);

    /// <summary>
    /// Reads that follow numbers from agent to agent, repeated when a number changed hands meanwhile. Without this, a record read a moment
    /// ago could lead to an agent that only now has its parent's number.
    /// </summary>
    private T Steady<T>(Func<T> read)
    {
        var spin = new SpinWait();
        while (true)
        {
            var before = Volatile.Read(ref _forgetting);
            if ((before & 1) == 0)
            {
                var result = read();
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _forgetting) == before)
                {
                    return result;
                }
            }

            spin.SpinOnce();
        }
    }
}
