using SessionMesh.Core.Agents;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.State;

/// <summary>Agents as this batch leaves them, with what is in their inboxes.</summary>
public sealed partial class MeshDraft
{
    private readonly Dictionary<int, Agent> _agents = [];
    private readonly Dictionary<string, int> _newAgents = new(StringComparer.Ordinal);

    /// <summary>By parent: children that this batch made or moved there.</summary>
    private readonly Dictionary<int, HashSet<int>> _adopted = [];
    private readonly Dictionary<int, Inbox> _inboxes = [];
    private readonly Dictionary<long, DirectiveRecord> _directives = [];
    private readonly List<(int Number, Beat Beat)> _renewals = [];

    /// <summary>Records as this batch leaves them: what the tables must show.</summary>
    public IReadOnlyCollection<Agent> ChangedAgents => _agents.Values;

    /// <inheritdoc cref="ChangedAgents"/>
    public IReadOnlyCollection<DirectiveRecord> ChangedDirectives => _directives.Values;

    /// <summary>Numbers of agents with another inbox than before.</summary>
    public IReadOnlyCollection<int> ChangedInboxes => _inboxes.Keys;

    /// <summary>An agent, if the caller's key reaches it: one beyond its reach is not there for it.</summary>
    public Agent? FindAgent(string id) => KnownAgent(id) is { } agent && Reaches(agent) ? agent : null;

    public bool Reaches(Agent agent) => Caller?.Reach is null || Caller.Reaches(agent, AgentAt);

    /// <summary>An agent, whether or not the caller's key reaches it.</summary>
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

    /// <summary>Numbers of the direct children.</summary>
    public List<int> Children(int number)
    {
        var children = number < state.Slots.Count ? state.Forest.Children(number) : [];
        if (_agents.Count > 0 || _gone.Count > 0)
        {
            // A number that this batch has freed may belong to another agent by now, which is among the adopted.
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

    /// <summary>Numbers of agents whose lease this batch renews.</summary>
    public IEnumerable<int> Renewed => _renewals.Select(renewal => renewal.Number);

    /// <summary>The agent's lease is renewed when this batch commits. In memory alone: no change, no row.</summary>
    public void Renew(int number, in Beat beat) => _renewals.Add((number, beat));

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

    private void CommitAgents()
    {
        foreach (var number in _newAgents.Values.Order())
        {
            state.Put(_agents[number]);
        }

        // Only now: an agent may have been moved below one that is newer than itself.
        foreach (var number in _newAgents.Values)
        {
            state.Forest.Move(state.Slots[number]!, number, -1, _agents[number].Parent);
        }

        foreach (var (number, inbox) in _inboxes)
        {
            if (!IsReplaced(number))
            {
                state.Slots[number]!.Replace(inbox);
            }
        }

        // Together with its inbox: a reader that sees the agent dead also sees its last directive there, and one that was superseded sees
        // none of its successor's.
        foreach (var (number, agent) in _agents)
        {
            var before = state.Slots[number]!.Agent;
            if (!ReferenceEquals(before, agent))
            {
                state.Put(agent, _inboxes.GetValueOrDefault(number));
                state.Forest.Move(state.Slots[number]!, number, before.Parent, agent.Parent);
                if (before.Liveness == Liveness.Alive && agent.Liveness == Liveness.Suspect)
                {
                    state.Leases.Lapsed(Now);
                }
            }
        }

        foreach (var (number, beat) in _renewals)
        {
            var slot = state.Slots[number]!;
            slot.Renew(beat, Now);
            state.Leases.Beaten(slot);
            if (!double.IsNaN(beat.Load))
            {
                state.Indexes.LoadReported(slot);
            }
        }
    }

    private bool IsReplaced(int number) =>
        _agents.TryGetValue(number, out var agent) && !ReferenceEquals(state.Slots[number]!.Agent, agent);
}
