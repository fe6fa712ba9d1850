using System.Collections.Concurrent;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Leases;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>
/// All that can still change, in memory. Its public members read, and are safe on any thread at any time; only
/// <see cref="MeshDraft.Commit"/>, called by the one writer, changes it (heartbeats aside, see <see cref="AgentSlot"/>).
/// A reader may see one record of a batch before another; each record by itself is whole.
/// </summary>
public sealed class MeshState
{
    private readonly ConcurrentDictionary<string, AgentSlot> _byId = new(1, 1024, StringComparer.Ordinal);
    private long _revision;

    public MeshState()
    {
        Forest = new Forest(Slots);
        Leases = new LeaseBook(Slots);
    }

    public SlotList<AgentSlot> Slots { get; } = new();
    public Forest Forest { get; }
    public AgentIndexes Indexes { get; } = new();
    public RecentAgents Recent { get; } = new();
    public LeaseBook Leases { get; }
    public KeyTable Keys { get; } = new();
    public ReceiptTable Receipts { get; } = new();
    public SessionTable Sessions { get; } = new();

    /// <summary>The newest message that was kept for many. A batch refers to none but its own, so that a start needs none. The writer's alone.</summary>
    internal MessageKept? Message { get; set; }

    /// <summary>Revision of the newest change that is committed and applied.</summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>
    /// Which life of the store this is: raised by every restore, and not in the log, since it is the file that was exchanged. Sequence
    /// numbers and incarnations of one epoch say nothing in another. It does not change while a server runs.
    /// </summary>
    public long Epoch { get; private set; } = 1;

    /// <summary>An agent by its number.</summary>
    public Agent AgentAt(int number) => Slots[number].Agent;

    /// <summary>Whether an agent is there for a key, as it stands now.</summary>
    public bool Reaches(Keys.Key key, Agent agent) => key.Reach is null || key.Reaches(agent, AgentAt);

    public AgentSlot? Find(string agentId) => _byId.GetValueOrDefault(agentId);

    /// <summary>Agents below this one at any depth, in no order.</summary>
    /// <param name="dead">Whether those that are dead count too.</param>
    public List<AgentSlot> Descendants(int number, bool dead = false)
    {
        var found = new List<AgentSlot>();
        var open = new Stack<int>(Forest.Children(number));
        while (open.TryPop(out var child))
        {
            var slot = Slots[child];
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

    /// <summary>Takes over what the tables hold; only before the state is shared, agents in order of their numbers.</summary>
    public void Load(Agent agent, Inbox inbox)
    {
        Put(agent).Replace(inbox);
    }

    /// <summary>After the last <see cref="Load(Agent, Inbox)"/>: parents are linked, leases begin, the log stands at <paramref name="revision"/>.</summary>
    /// <param name="newestAt">Wall milliseconds of its newest change.</param>
    public void Loaded(long revision, long newestAt, Moment now)
    {
        _revision = revision;
        Leases.Begin(now, FleetBefore(newestAt));
        for (var number = 0; number < Slots.Count; number++)
        {
            var slot = Slots[number];
            Forest.Move(slot, number, -1, slot.Agent.Parent);
            Leases.Schedule(slot, number, now);
        }

        Leases.ServerReturned(now, away: 0); // for the grace periods that ran
    }

    public void LoadEpoch(long epoch) => Epoch = epoch;

    public void Load(Keys.Key key) => Keys.Put(key);

    public void Load(Sessions.Session session) => Sessions.Put(session);

    public void Load(Idempotency.Receipt receipt) => Receipts.Put(receipt);

    internal AgentSlot Put(Agent agent, Inbox? inbox = null)
    {
        if (agent.Number == Slots.Count)
        {
            var added = new AgentSlot(agent);
            Slots.Add(added);
            _byId[agent.Id] = added;
            Indexes.Update(null, agent);
            return added;
        }

        var slot = Slots[agent.Number];
        var before = slot.Agent;
        slot.Replace(agent, inbox);
        Indexes.Update(before, agent);
        return slot;
    }

    /// <summary>
    /// How many agents may have been alive at once when the leases were granted that were out as the process before ended: all that have
    /// a session still, and all that died since the oldest of those grants. A lease of a whole fleet of this store is longer than any of
    /// them, and the process ended no sooner than the newest change, so that reckoning back from there by that much misses none: what is
    /// granted anew is never too short.
    /// </summary>
    private int FleetBefore(long newestAt)
    {
        var since = newestAt - (LeasePolicy.Grant(0, Slots.Count) * 1000L);
        var fleet = 0;
        for (var number = 0; number < Slots.Count; number++)
        {
            var agent = Slots[number].Agent;
            fleet += agent.HasSession || agent.LastExit?.At >= since ? 1 : 0;
        }

        return fleet;
    }

    internal void Advance(long revision) => Volatile.Write(ref _revision, revision);
}
