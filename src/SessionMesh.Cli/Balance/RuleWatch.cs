using SessionMesh.Cli.Config.Rules;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Balance;

/// <summary>
/// One rule over all the agents that it selects: pure, without a clock and without a server.
/// </summary>
/// <remarks>
/// An agent is in one of these states, and a look moves it on:
/// <list type="bullet">
/// <item><b>quiet</b>: the condition does not hold. Nothing is remembered.</item>
/// <item><b>holding</b>: it has held since some time of the watch's clock. A look that does not find it holding, or not the agent, ends
/// that; so does another incarnation. When it has held for <see cref="Rule.For"/>, the rule may act.</item>
/// <item><b>acted</b>: the rule acts on it again only when it was released since (<see cref="Rule.Until"/> held for its time), and when the
/// cool-down is over by the server's clock. The cool-down is of the agent, whatever its incarnation; the release is of the
/// incarnation.</item>
/// <item><b>refused</b>: the mesh did not take the act. The agent has the cool-down alone, so that it does not stand in the way of
/// others.</item>
/// </list>
/// Of those that may be acted on, the worst come first, then by id; no more than <see cref="Rule.AtMost"/> an interval.
/// </remarks>
internal sealed class RuleWatch(Rule rule)
{
    /// <summary>For how long an agent is remembered that was acted on and that nobody has seen since.</summary>
    private static readonly TimeSpan s_forgetAfter = TimeSpan.FromDays(1);

    private readonly Dictionary<string, State> _states = new(StringComparer.Ordinal);
    private readonly List<Proposal> _due = [];
    private Look _look;
    private int _looks;
    private int _spent;

    public Rule Rule => rule;

    /// <summary>Agents that something is remembered of.</summary>
    public int Remembered => _states.Count;

    /// <summary>How many of the last look could be acted on; more than were proposed where the bound left some out.</summary>
    public int Due { get; private set; }

    /// <summary>
    /// An act of this rule from before this watch began, by whichever balancer. Call before the first look, the newest last.
    /// </summary>
    /// <param name="isThisInterval">Whether it counts against the bound of the first look.</param>
    public void Recall(string agentId, DateTimeOffset at, bool isThisInterval)
    {
        var state = _states.TryGetValue(agentId, out var known) ? known : _states[agentId] = new State();
        (state.IsArmed, state.CoolsFrom, state.SeenAt) = (false, at, at);
        _spent += isThisInterval ? 1 : 0;
    }

    /// <summary>Nobody knows what was done before: to be safe, every agent counts as acted on just now.</summary>
    public DateTimeOffset? BlindFrom { get; set; }

    public void Begin(Look look)
    {
        _look = look;
        _looks++;
        _due.Clear();
    }

    public void See(Sight agent)
    {
        var holds = rule.When.All(condition => condition.Holds(agent.Readings));
        if (!_states.TryGetValue(agent.AgentId, out var state))
        {
            if (!holds)
            {
                return;
            }

            _states[agent.AgentId] = state = new State();
        }

        if (state.Incarnation != 0 && (state.Incarnation != agent.Incarnation || state.Epoch != agent.Epoch))
        {
            (state.HeldSince, state.ReleasedSince, state.IsArmed) = (null, null, true);
        }

        (state.Incarnation, state.Epoch, state.SeenAt, state.SeenIn) = (agent.Incarnation, agent.Epoch, _look.Now, _looks);
        state.HeldSince = holds ? state.HeldSince ?? _look.Clock : null;
        Arm(state, rule.Until is { } until ? until.All(condition => condition.Holds(agent.Readings)) : !holds);
        if (state.HeldSince is { } since && state.IsArmed && IsCool(state) && _look.Clock - since >= rule.For && IsOpen(agent))
        {
            _due.Add(new Proposal(rule, agent, _look.Clock - since));
        }
        else if (!holds && state.IsArmed && IsCool(state))
        {
            _states.Remove(agent.AgentId);
        }
    }

    /// <summary>All were seen. Answers whom to act on, in this order.</summary>
    /// <param name="isTaken">Whether another rule has the agent in this interval.</param>
    public IReadOnlyList<Proposal> End(Func<string, bool> isTaken)
    {
        ForgetAbsent();
        _due.RemoveAll(proposal => isTaken(proposal.Agent.AgentId));
        _due.Sort(Compare);
        Due = _due.Count;
        var left = Math.Max(0, rule.AtMost - _spent);
        _spent = 0;
        return _due.Count <= left ? [.. _due] : _due[..left];
    }

    /// <summary>The act is done.</summary>
    public void Acted(Sight agent) => Mark(agent, isArmed: false);

    /// <summary>The mesh did not take it, and would not the next time.</summary>
    public void Refused(Sight agent) => Mark(agent, isArmed: true);

    private void Mark(Sight agent, bool isArmed)
    {
        var state = _states[agent.AgentId];
        (state.IsArmed, state.ReleasedSince, state.CoolsFrom) = (isArmed, null, _look.Now);
    }

    private void Arm(State state, bool isReleased)
    {
        if (state.IsArmed || !isReleased)
        {
            state.ReleasedSince = null;
            return;
        }

        state.ReleasedSince ??= _look.Clock;
        if (_look.Clock - state.ReleasedSince >= rule.UntilFor)
        {
            (state.IsArmed, state.ReleasedSince) = (true, null);
        }
    }

    private bool IsCool(State state) => IsCoolSince(state.CoolsFrom) && IsCoolSince(BlindFrom);

    private bool IsCoolSince(DateTimeOffset? at) => at is not { } from || _look.Now - from >= rule.CoolDown;

    /// <summary>Whether the agent can be told, and is not already what the rule would make it.</summary>
    private bool IsOpen(Sight agent) => rule.Act.Verb switch
    {
        _ when agent.Status is AgentStatus.Lost => rule.Act.Verb is RuleAct.Kill,
        _ when agent.Status is not (AgentStatus.Alive or AgentStatus.Suspect) => false,
        DirectiveVerb.Pause => !agent.Paused,
        DirectiveVerb.Resume => agent.Paused,
        _ => true,
    };

    /// <summary>Who was not seen does not hold; of the release nothing is known, unless it is that the condition is over.</summary>
    private void ForgetAbsent()
    {
        List<string>? gone = null;
        foreach (var (id, state) in _states)
        {
            if (state.SeenIn == _looks)
            {
                continue;
            }

            state.HeldSince = null;
            Arm(state, rule.Until is null);
            if (IsCool(state) && (state.IsArmed || _look.Now - state.SeenAt > s_forgetAfter))
            {
                (gone ??= []).Add(id);
            }
        }

        gone?.ForEach(id => _states.Remove(id));
    }

    private int Compare(Proposal one, Proposal other)
    {
        var worse = Excess(other).CompareTo(Excess(one));
        return worse != 0 ? worse : string.CompareOrdinal(one.Agent.AgentId, other.Agent.AgentId);
    }

    /// <summary>How far past the first bound of the rule it is; where there is none, for how long it has held.</summary>
    private double Excess(Proposal proposal)
    {
        var readings = proposal.Agent.Readings;
        return rule.When.Select(condition => condition.Excess(readings)).FirstOrDefault(excess => excess is not null)
            ?? proposal.Held.TotalSeconds;
    }

    private sealed class State
    {
        public int Incarnation;
        public long? Epoch;
        public TimeSpan? HeldSince;
        public TimeSpan? ReleasedSince;
        public bool IsArmed = true;
        public DateTimeOffset? CoolsFrom;
        public DateTimeOffset SeenAt;
        public int SeenIn;
    }
}
