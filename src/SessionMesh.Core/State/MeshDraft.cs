using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>
/// One batch on its way: the base state, and over it what this batch has decided so far, a record a noun. Reads show both.
/// <see cref="Commit"/> lays the overlay onto the base; dropping the draft leaves the base as it was. The writer's alone.
/// </summary>
public sealed partial class MeshDraft(MeshState state, Moment now)
{
    private readonly Dictionary<int, Agent> _agents = [];
    private readonly Dictionary<string, int> _newAgents = new(StringComparer.Ordinal);

    /// <summary>By parent: children that this batch made or moved there.</summary>
    private readonly Dictionary<int, HashSet<int>> _adopted = [];
    private readonly Dictionary<int, Inbox> _inboxes = [];
    private readonly Dictionary<long, DirectiveRecord> _directives = [];
    private readonly DraftKeys _keys = new(state.Keys);

    /// <summary>By id; null for one that was removed.</summary>
    private readonly Dictionary<string, Session?> _sessions = new(StringComparer.Ordinal);
    private readonly List<Session> _removedSessions = [];
    private int _moreSessions;
    private readonly List<(int Number, Beat Beat)> _renewals = [];
    private readonly List<Change> _changes = [];

    public Moment Now { get; } = now;

    /// <summary>The disk is full and this batch is written to what is kept back for that: nothing may be done that can wait.</summary>
    public bool Sparing { get; init; }

    public MeshState Base => state;

    /// <summary>Who asks for the command that is being decided: a key's id, or <see cref="Actors.Mesh"/>.</summary>
    public string Actor { get; private set; } = Actors.Mesh;

    /// <summary>The key that asks; null for the mesh itself, which may do anything.</summary>
    public Key? Caller { get; private set; }

    /// <summary>Where that call came from.</summary>
    public Origin Origin { get; set; } = Origin.Mesh;

    /// <summary>Revision of the newest change, this batch's included.</summary>
    public long Revision { get; private set; } = state.Revision;

    /// <summary>What this batch appends to the log, in order.</summary>
    public IReadOnlyList<Change> Changes => _changes;

    /// <summary>What they weigh together; see <see cref="Change.Weight"/>.</summary>
    public long Weight { get; private set; }

    /// <summary>Records as this batch leaves them: what the tables must show.</summary>
    public IReadOnlyCollection<Agent> ChangedAgents => _agents.Values;

    /// <inheritdoc cref="ChangedAgents"/>
    public IReadOnlyCollection<DirectiveRecord> ChangedDirectives => _directives.Values;

    /// <inheritdoc cref="ChangedAgents"/>
    public IReadOnlyCollection<Key> ChangedKeys => _keys.Changed;

    /// <inheritdoc cref="ChangedAgents"/>
    public IEnumerable<Session> ChangedSessions => _sessions.Values.OfType<Session>();

    /// <summary>Sessions whose rows go, as they were last.</summary>
    public IReadOnlyCollection<Session> RemovedSessions => _removedSessions;

    /// <summary>Numbers of agents with another inbox than before.</summary>
    public IReadOnlyCollection<int> ChangedInboxes => _inboxes.Keys;

    /// <summary>The newest message that was kept for many; see <see cref="MessageKept"/>.</summary>
    public MessageKept? Message { get; internal set; } = state.Message;

    /// <summary>
    /// From now on decides for that actor. False when it is a key that is not valid (any more): a call may have waited, or dripped in,
    /// since it was authenticated.
    /// </summary>
    public bool ActFor(string actor)
    {
        Actor = actor;
        Caller = actor == Actors.Mesh ? null : FindKey(actor);
        return actor == Actors.Mesh || Caller?.IsValidAt(Now.Wall) == true;
    }

    /// <summary>An agent, if the caller's key reaches it: one beyond its reach is not there for it.</summary>
    public Agent? FindAgent(string id) => KnownAgent(id) is { } agent && Reaches(agent) ? agent : null;

    public bool Reaches(Agent agent) => Caller?.Reach is null || Caller.Reaches(agent, AgentAt);

    /// <summary>An agent, whoever asks.</summary>
    public Agent? KnownAgent(string id) =>
        _newAgents.TryGetValue(id, out var number) ? _agents[number]
        : state.Find(id) is { } slot && !_gone.ContainsKey(slot.Agent.Number) ? AgentAt(slot.Agent.Number)
        : null;

    /// <summary>The agent that a change is about.</summary>
    /// <exception cref="InvalidDataException">Nobody has that id.</exception>
    internal Agent SubjectOf(Change change) => KnownAgent(change.Subject)
        ?? throw new InvalidDataException($"revision {change.Revision} names the unknown agent {change.Subject}");

    /// <summary>The number of a known agent; -1 for null.</summary>
    internal int NumberOf(string? agentId) => agentId is null ? -1 : KnownAgent(agentId)!.Number;

    /// <summary>An agent by a number that this batch has from a record of its own.</summary>
    /// <exception cref="InvalidOperationException">It was forgotten: the number is older than that. See <see cref="FindAt"/>.</exception>
    public Agent AgentAt(int number) => FindAt(number) ?? throw new InvalidOperationException($"nobody has the number {number}");

    public Inbox InboxOf(int number) => _inboxes.TryGetValue(number, out var inbox) ? inbox : SlotAt(number)?.Inbox ?? Inbox.Empty;

    /// <summary>A directive that this batch issued or moved, as it is now, pending or not.</summary>
    public DirectiveRecord ChangedDirective(long revision) => _directives[revision];

    /// <summary>What heartbeats said; of an agent that this batch made, nothing.</summary>
    public Vitals VitalsOf(int number) =>
        SlotAt(number)?.ReadVitals() ?? new Vitals { Load = float.NaN, Progress = double.NaN, TouchedAt = AgentSlot.Never };

    public Key? FindKey(string id) => _keys.Find(id);

    /// <summary>Keys that no key minted: the root key, and what it was before.</summary>
    public List<Key> RootKeys() => [.. _keys.Roots];

    /// <summary>Keys of a lineage.</summary>
    public List<Key> KeysIn(string lineage) => [.. _keys.In(lineage)];

    /// <summary>Whether a lineage has any key left.</summary>
    public bool HasKeysIn(string lineage) => _keys.CountIn(lineage) > 0;

    /// <summary>The lineage that another was minted under; null for none, or when no key of it is left.</summary>
    public string? LineageAbove(string lineage) => _keys.In(lineage).FirstOrDefault()?.Parent;

    /// <summary>Keys that were minted under a lineage.</summary>
    public List<Key> KeysUnder(string lineage) => [.. _keys.Under(lineage)];

    /// <summary>Keys of one name under a lineage: its generations.</summary>
    public List<Key> KeysNamed(string parent, string name) => [.. _keys.Named(parent, name)];

    /// <summary>Keys bound to an agent.</summary>
    public List<Key> KeysBoundTo(string agentId) => [.. _keys.BoundTo(agentId)];

    /// <inheritdoc cref="DraftKeys.LineagesOf"/>
    public int LineagesOf(string account) => _keys.LineagesOf(account);

    /// <summary>A plain session, if the caller may see it: a key that is for some agents is for no session without one.</summary>
    public Session? FindSession(string id) => Caller?.Reach is null ? KnownSession(id) : null;

    /// <summary>A plain session, whoever asks.</summary>
    public Session? KnownSession(string id) => _sessions.TryGetValue(id, out var session) ? session : state.Sessions.Find(id);

    /// <summary>Plain sessions that the caller may see.</summary>
    public int SessionCount => Caller?.Reach is not null ? 0 : state.Sessions.Count + _moreSessions;

    /// <summary>
    /// Plain sessions that are over, and were before a time, as far as the caller may see them: earliest end first, then what this batch
    /// changed.
    /// </summary>
    /// <param name="before">Microseconds.</param>
    public IEnumerable<Session> SessionsOver(long before)
    {
        if (Caller?.Reach is not null)
        {
            return [];
        }

        var at = Now.Micros();
        return state.Sessions.Over(at, before).Where(session => !_sessions.ContainsKey(session.Id))
            .Concat(ChangedSessions.Where(session => session.OverSince(at) is > 0 and var since && since < before));
    }

    /// <summary>Numbers of the direct children.</summary>
    public List<int> Children(int number)
    {
        var children = number < state.Slots.Count ? state.Forest.Children(number) : [];
        if (_agents.Count > 0 || _gone.Count > 0)
        {
            // A number that this batch has freed may be another's by now, who is among the adopted.
            children.RemoveAll(child => _gone.ContainsKey(child) || AgentAt(child).Parent != number);
            children.AddRange(_adopted.GetValueOrDefault(number) ?? []);
        }

        return children;
    }

    /// <summary>Agents below this one at any depth, dead ones too (their children may live), parents before children.</summary>
    public List<Agent> Descendants(int number)
    {
        var found = new List<Agent>();
        var open = new Queue<int>(Children(number));
        while (open.TryDequeue(out var child))
        {
            found.Add(AgentAt(child));
            foreach (var next in Children(child))
            {
                open.Enqueue(next);
            }
        }

        return found;
    }

    /// <summary>Appends a change and applies it to the overlay; what is read after this shows it. Returns its revision.</summary>
    public long Emit(Change change)
    {
        change.Revision = Revision + 1;
        change.At = Now.Wall;
        change.Actor = Actor;
        change.Origin = Origin;
        Append(change);
        return change.Revision;
    }

    /// <summary>
    /// Applies a change that is in the log already: another node's, or one that is being replayed. A registration, or a revival,
    /// that comes this way is a sign of life: the lease begins when it is applied.
    /// </summary>
    /// <exception cref="InvalidDataException">It does not follow the newest revision.</exception>
    public void Apply(Change change)
    {
        if (change.Revision != Revision + 1)
        {
            throw new InvalidDataException($"revision {change.Revision} does not follow {Revision}");
        }

        Append(change);
        if (change is AgentRegistered or AgentLivenessChanged { Liveness: Liveness.Alive })
        {
            Renew(KnownAgent(change.Subject)!.Number, Beat.Empty);
        }
    }

    /// <summary>The agent's lease is renewed when this batch commits. In memory alone: no change, no row.</summary>
    public void Renew(int number, in Beat beat) => _renewals.Add((number, beat));

    /// <summary>Lays the overlay onto the base. Call it once, after the batch is durable.</summary>
    public void Commit()
    {
        state.Recent.Add(Revision, [.. _agents.Keys, .. _gone.Keys]);
        if (_forgotten.Count > 0)
        {
            state.BeginForgetting();
            state.Forget(_gone, ForgottenIncarnation);
            CommitAgents(); // who may get their numbers
            state.EndForgetting();
        }
        else
        {
            CommitAgents();
        }

        state.Message = Message;
        CommitSessions();
        CommitKeysAndReceipts();
        Reschedule();
        state.Advance(Revision);
    }

    private void Append(Change change)
    {
        _changes.Add(change);
        Weight += change.Weight;
        Revision = change.Revision;
        change.Apply(this);
    }

    internal void Put(Agent agent, bool isNew = false)
    {
        CountFor(agent, isNew);
        var isOld = !isNew && !_newAgents.ContainsKey(agent.Id);
        Adopt(agent, isNew ? -1 : AgentAt(agent.Number).Parent, isOld ? state.AgentAt(agent.Number)!.Parent : -1);
        _agents[agent.Number] = agent;
        if (isNew)
        {
            _newAgents.Add(agent.Id, agent.Number);
        }
    }

    internal void Put(int number, Inbox inbox, DirectiveRecord directive)
    {
        _inboxes[number] = inbox;
        _directives[directive.Revision] = directive;
    }

    internal void Put(Key key) => _keys.Put(key);

    internal void Put(Session session)
    {
        _moreSessions += KnownSession(session.Id) is null ? 1 : 0;
        _sessions[session.Id] = session;
    }

    internal void Remove(Session session)
    {
        _moreSessions--;
        _sessions[session.Id] = null;
        _removedSessions.Add(session);
    }

    /// <param name="from">Number of its parent until now.</param>
    /// <param name="committed">Number of its parent as the base has it.</param>
    private void Adopt(Agent agent, int from, int committed)
    {
        if (agent.Parent == from)
        {
            return;
        }

        if (_adopted.TryGetValue(from, out var before))
        {
            before.Remove(agent.Number);
        }

        if (agent.Parent >= 0 && agent.Parent != committed)
        {
            var children = _adopted.TryGetValue(agent.Parent, out var known) ? known : _adopted[agent.Parent] = [];
            children.Add(agent.Number);
        }
    }

    private void CommitSessions()
    {
        foreach (var session in _removedSessions)
        {
            state.Sessions.Remove(session.Id, session.Revision);
        }

        // In order of creation, as every list shows them.
        foreach (var session in ChangedSessions.OrderBy(s => s.Revision))
        {
            state.Sessions.Put(session);
        }
    }

    private bool IsReplaced(int number) => _agents.TryGetValue(number, out var agent) && !ReferenceEquals(state.Slots[number]!.Agent, agent);

    private static void Count(Dictionary<string, int> counts, string? account, int by)
    {
        if (account is not null && by != 0)
        {
            counts[account] = counts.GetValueOrDefault(account) + by;
        }
    }

    private void CommitKeysAndReceipts()
    {
        foreach (var key in _keys.Changed)
        {
            state.Keys.Put(key);
        }

        CommitReceipts();
    }

    private void Reschedule()
    {
        foreach (var number in _agents.Keys)
        {
            state.Leases.Schedule(state.Slots[number]!, number, Now);
        }

        foreach (var number in _inboxes.Keys)
        {
            if (!_agents.ContainsKey(number))
            {
                state.Leases.Schedule(state.Slots[number]!, number, Now);
            }
        }
    }
}
