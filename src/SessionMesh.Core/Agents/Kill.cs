using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// What is known of a kill: the agent, and those below it that are affected. When many agents are killed at once, each agent below them is
/// in the outcome of the nearest one only, so that all outcomes together are no longer than the number of agents.
/// </summary>
public sealed record KillOutcome(Agent Agent, IReadOnlyList<Agent> Descendants)
{
    /// <summary>
    /// The agent, with those below it that live or that died since its stop was asked for, so that asking again gives the same list.
    /// </summary>
    public static KillOutcome Of(Agent agent, IEnumerable<Agent> below)
    {
        var since = agent.Stop?.At ?? (agent.Liveness == Liveness.Dead ? agent.LastExit!.At : long.MaxValue);
        return new KillOutcome(agent, [.. below.Where(a => a.Liveness != Liveness.Dead || a.LastExit!.At >= since)]);
    }
}

/// <summary>How to stop an agent.</summary>
public sealed record StopOrder
{
    /// <summary>Seconds until force follows.</summary>
    public required int Grace { get; init; }
    public bool AtOnce { get; init; }
    public bool Cascade { get; init; }
    public string? Reason { get; init; }
}

/// <summary>
/// <c>DELETE /agents/{id}</c>: a stop directive with a grace period, then force; or force at once. Asking again may force, or bring the
/// deadline nearer, and changes nothing else. For a dead agent it returns the same report.
/// </summary>
public sealed record KillAgent : Command<KillOutcome>
{
    public required string AgentId { get; init; }
    public required StopOrder Order { get; init; }

    /// <summary>
    /// The life that is meant: one that is known to be over is refused, and its successor is not touched. Null for whichever is current.
    /// </summary>
    public int? Incarnation { get; init; }

    public override bool IsVital(MeshState state) => true;

    public override Outcome<KillOutcome> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        if (Incarnation is not null
            && (Fencing.CheckCurrent(agent, Incarnation) ?? (agent.HasEnded ? Fencing.Tombstoned(agent) : null)) is { } over)
        {
            return over;
        }

        var plan = KillPlan.Of(draft, [agent]);
        return KillRules.CheckReach(draft, plan, handsOver: !Order.Cascade) is { } outside
            ? outside
            : KillRules.Kill(draft, plan, Order)[0];
    }
}

/// <summary><c>DELETE /agents</c>: the same for every agent that a selector matches, if there are as many as the caller expects.</summary>
public sealed record KillMany : Command<IReadOnlyList<KillOutcome>>
{
    public required Selection Selection { get; init; }
    public required StopOrder Order { get; init; }
    public int? Expect { get; init; }
    public bool DryRun { get; init; }
    public override bool OnlyLooks => DryRun;

    public override bool IsVital(MeshState state) => true;

    /// <summary>
    /// The agents in <see cref="Eligible"/> states that matched when the call came in; null to search when it is decided.
    /// </summary>
    public Candidates? Found { get; init; }

    public override bool NeedsNoTurn => DryRun;

    public override int Weight => BaseWeight + Selection.Length + ((Found?.Numbers.Count ?? 0) * sizeof(int));

    /// <summary>All states but dead.</summary>
    public static IReadOnlyList<Liveness> Eligible { get; } = [.. Enum.GetValues<Liveness>().Where(liveness => liveness != Liveness.Dead)];

    public override Outcome<IReadOnlyList<KillOutcome>> Decide(MeshDraft draft)
    {
        if (Found is { IsTooMany: true } && Selection.CheckCount(Found.Count, Expect) is { } tooMany)
        {
            return tooMany;
        }

        var matched = Selection.Match(draft, Eligible, Found);
        if (DryRun)
        {
            return matched.ConvertAll(agent => new KillOutcome(agent, []));
        }

        if (Selection.CheckCount(matched.Count, Expect) is { } refused)
        {
            return refused;
        }

        var plan = KillPlan.Of(draft, matched);
        return KillRules.CheckReach(draft, plan, handsOver: !Order.Cascade) is { } outside ? outside : KillRules.Kill(draft, plan, Order);
    }
}

/// <summary>
/// <c>POST /agents/{id}/exit</c>: the agent or its runner saw the process end. Only this makes a death confirmed, and it is accepted after
/// force, too.
/// </summary>
public sealed record ReportExit : Command<KillOutcome>
{
    public required string AgentId { get; init; }
    public required int Incarnation { get; init; }
    public int? ExitCode { get; init; }
    public string? Signal { get; init; }
    public string? Reason { get; init; }

    public override bool IsVital(MeshState state) => true;

    public override Outcome<KillOutcome> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        var dead = agent.Liveness == Liveness.Dead && Incarnation == agent.Incarnation;
        if (!dead && Fencing.Check(agent, Incarnation) is { } fenced)
        {
            return fenced;
        }

        if (!dead || agent.LastExit is not { Confirmed: true })
        {
            var cascade = agent.Stop?.Cascade ?? true;
            var reason = agent.Stop?.Reason ?? (dead ? agent.LastExit?.Reason : null) ?? Reason;
            KillRules.Die(draft, agent, new AgentDied
            {
                Subject = AgentId,
                Incarnation = agent.Incarnation,
                Confirmed = true,
                ExitCode = ExitCode,
                Signal = Signal,
                Reason = reason,
            });
            if (!cascade)
            {
                KillRules.HandOver(draft, agent);
            }
        }

        var reach = new ReachMemo(draft.Caller, draft.FindAt);
        return KillOutcome.Of(draft.AgentAt(agent.Number), draft.Descendants(agent.Number).Where(reach.Reaches));
    }
}

/// <summary>
/// <c>POST /agents/{id}/revive</c>: an operator, who knows that the process is gone, lifts the tombstone of an unconfirmed end,
/// so that the agent may register again at once. It does not make the end confirmed.
/// </summary>
public sealed record LiftTombstone : Command<Agent>
{
    public required string AgentId { get; init; }

    public override Outcome<Agent> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        if (agent is not { Liveness: Liveness.Dead, LastExit: { } exit } || exit.TombstoneUntil <= draft.Now.Wall)
        {
            return new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.NotTombstoned,
                $"Agent '{AgentId}' is {agent.Liveness.Word()} and has no tombstone to lift. It may register by itself.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            };
        }

        draft.Emit(new AgentTombstoneLifted { Subject = AgentId });
        return draft.AgentAt(agent.Number);
    }
}
