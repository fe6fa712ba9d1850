using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>Numbers that come and go: which agents are forgotten, which number a new one gets, and how many each account has.</summary>
public sealed partial class MeshDraft
{
    /// <summary>Agents of the base that this batch has forgotten, as they were last. Their numbers may be others' by now.</summary>
    private readonly Dictionary<int, Agent> _gone = [];

    /// <summary>All that it has forgotten, those included that it had made known itself.</summary>
    private readonly List<Agent> _forgotten = [];

    /// <summary>Numbers that it has freed and not given away again.</summary>
    private readonly SortedSet<int> _freed = [];
    private readonly Dictionary<string, int> _agentsByAccount = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _endedByAccount = new(StringComparer.Ordinal);

    /// <summary>Where to look on for free numbers of the base, and how many numbers it has added to the base's.</summary>
    private (int Looked, int Added) _numbers;

    /// <summary>Agents whose rows are deleted, by number, before <see cref="ChangedAgents"/> are written, which may reuse it.</summary>
    public IReadOnlyDictionary<int, Agent> RemovedAgents => _gone;

    /// <summary>All that were forgotten, as they were last.</summary>
    public IReadOnlyCollection<Agent> ForgottenAgents => _forgotten;

    /// <inheritdoc cref="MeshState.ForgottenIncarnation"/>
    public int ForgottenIncarnation { get; internal set; } = state.ForgottenIncarnation;

    /// <summary>The agent that has a number; null for none. It may have been another's when it was written down.</summary>
    public Agent? FindAt(int number) => _agents.TryGetValue(number, out var agent) ? agent : SlotAt(number)?.Agent;

    /// <summary>The agent that has had a number since before a revision; see <see cref="MeshState.SlotSince"/>.</summary>
    public Agent? FindSince(int number, long revision) => FindAt(number) is { } agent && agent.Born < revision ? agent : null;

    /// <summary>Agents that an account made known.</summary>
    public int AgentsOf(string account) => state.Indexes.Accounts.AgentsOf(account) + _agentsByAccount.GetValueOrDefault(account);

    /// <summary>Those of them that have ended; see <see cref="Agent.HasEnded"/>.</summary>
    public int EndedOf(string account) => state.Indexes.Accounts.EndedOf(account) + _endedByAccount.GetValueOrDefault(account);

    /// <summary>The one of an account's agents that ended first, of those that have ended and may go; null for none.</summary>
    /// <param name="most">How many are looked at.</param>
    internal Agent? FirstEnded(string account, int most, Predicate<Agent> mayGo)
    {
        foreach (var (_, _, number) in state.Indexes.Accounts.Ended(account))
        {
            if (_gone.ContainsKey(number) || AgentAt(number) is not { HasEnded: true } agent)
            {
                continue;
            }

            if (most-- == 0)
            {
                return null;
            }

            if (mayGo(agent))
            {
                return agent;
            }
        }

        // Those that ended in this batch did so last.
        return _agents.Values.Where(agent => agent.Owner == account && agent.HasEnded)
            .OrderBy(agent => (agent.GoneAt, agent.Born)).Take(most).FirstOrDefault(agent => mayGo(agent));
    }

    /// <summary>Takes the number that a new agent gets: the lowest that is free.</summary>
    internal int TakeNumber()
    {
        var ofBase = state.Free.Next(_numbers.Looked, state.Slots.Count);
        if (_freed.Count > 0 && (ofBase < 0 || _freed.Min < ofBase))
        {
            var freed = _freed.Min;
            _freed.Remove(freed);
            return freed;
        }

        if (ofBase >= 0)
        {
            _numbers.Looked = ofBase + 1;
            return ofBase;
        }

        return state.Slots.Count + _numbers.Added++;
    }

    /// <summary>Removes an agent that has no children any more.</summary>
    internal void Forget(Agent agent)
    {
        if (agent.Owner is { } owner)
        {
            Count(_endedByAccount, owner, agent.HasEnded ? -1 : 0);
            Count(_agentsByAccount, owner, -1);
        }

        EndLinks(agent.Number);
        if (!_newAgents.Remove(agent.Id))
        {
            _gone.Add(agent.Number, agent);
        }

        if (_adopted.TryGetValue(agent.Parent, out var siblings))
        {
            siblings.Remove(agent.Number);
        }

        _agents.Remove(agent.Number);
        _inboxes.Remove(agent.Number);
        _renewals.RemoveAll(renewal => renewal.Number == agent.Number);
        _freed.Add(agent.Number);
        _forgotten.Add(agent);
    }

    private void CountFor(Agent agent, bool isNew)
    {
        if (agent.Owner is { } owner)
        {
            var had = !isNew && AgentAt(agent.Number).HasEnded;
            Count(_endedByAccount, owner, (agent.HasEnded ? 1 : 0) - (had ? 1 : 0));
            Count(_agentsByAccount, owner, isNew ? 1 : 0);
        }
    }

    /// <summary>The base's slot of the agent that has a number now; null when there is none, or when this batch made it known.</summary>
    private AgentSlot? SlotAt(int number) => number < state.Slots.Count && !_gone.ContainsKey(number) ? state.Slots[number] : null;

    private static void Count(Dictionary<string, int> counts, string? account, int by)
    {
        if (account is not null && by != 0)
        {
            counts[account] = counts.GetValueOrDefault(account) + by;
        }
    }
}
