using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Agents;

/// <summary>A heartbeat of a suspect or lost agent. It revives the same incarnation.</summary>
public sealed record ReviveBySignOfLife : Command<Agent>
{
    public required string AgentId { get; init; }
    public int? Incarnation { get; init; }
    public required Beat Beat { get; init; }

    public override Outcome<Agent> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        if (Fencing.Check(agent, Incarnation) is { } fenced)
        {
            return fenced;
        }

        if (agent.Liveness is Liveness.Suspect or Liveness.Lost)
        {
            draft.Emit(new AgentLivenessChanged { Subject = AgentId, Liveness = Liveness.Alive });
        }

        if (agent.Stall is { } stall && stall.IsEndedBy(Beat))
        {
            draft.Emit(new AgentProgressing { Subject = AgentId });
        }

        draft.Renew(agent.Number, Beat);
        return draft.AgentAt(agent.Number);
    }
}

/// <summary>A heartbeat of a stalled agent said that it moves again. Its slot has taken it; this puts it into the log.</summary>
public sealed record NoteProgress : Command<Agent>
{
    public required string AgentId { get; init; }

    public override Outcome<Agent> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        StallRules.NoteProgress(draft, agent);
        return draft.AgentAt(agent.Number);
    }
}

/// <summary>When an agent becomes stalled, and when it is no more.</summary>
internal static class StallRules
{
    public static void NoteProgress(MeshDraft draft, Agent agent)
    {
        if (agent.Stall is not null && draft.VitalsOf(agent.Number).Moved)
        {
            draft.Emit(new AgentProgressing { Subject = agent.Id });
        }
    }

    /// <summary>Decides on an agent that is alive.</summary>
    public static void Advance(MeshDraft draft, Agent agent)
    {
        var vitals = draft.VitalsOf(agent.Number);
        if (agent.Stall is not null)
        {
            NoteProgress(draft, agent);
        }
        else if (draft.Base.Leases.IsPast(draft.Base.Leases.StallsAt(vitals), draft.Now))
        {
            draft.Emit(new AgentStalled
            {
                Subject = agent.Id,
                Progress = double.IsNaN(vitals.Progress) ? null : vitals.Progress,
                ProgressInterval = vitals.ProgressInterval,
            });
        }
    }
}

/// <summary>
/// Handles agents for which something is due: a lease has lapsed, a working agent has stalled, a grace period is over, or a directive has
/// expired. Each is checked again
/// here, since a heartbeat or an ack may have come after the wheel found it.
/// </summary>
public sealed record SweepDue : Command<int>
{
    public override bool IsForTheJudge => true;

    /// <summary>Numbers of the agents to check.</summary>
    public required IReadOnlyList<int> Numbers { get; init; }

    /// <summary>
    /// Lease-clock time at which they were found. If that is long ago, the server itself was away in between, and nothing is decided, since
    /// only its absence may have made them due. Agents that are still due are found again.
    /// </summary>
    public long FoundAt { get; init; } = long.MaxValue;

    /// <summary>
    /// Vital if an agent's grace period is over, because force must follow. Lapsed leases are not: they are found again, and a fleet that
    /// falls silent at once would leave no room for a kill.
    /// </summary>
    public override bool IsVital(MeshState state) => Numbers.Any(number => state.AgentAt(number)?.Liveness == Liveness.Stopping);

    /// <summary>Returns how many agents changed.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        if (FoundAt < draft.Now.Lease - LeaseBook.StallAfter)
        {
            return 0;
        }

        var changed = 0;
        foreach (var number in Numbers)
        {
            if (draft.FindAt(number) is not { } agent)
            {
                continue; // forgotten since; an agent that has the number by now is checked on its own account
            }

            if (draft.Sparing && agent.Liveness != Liveness.Stopping)
            {
                continue;
            }

            var before = draft.Revision;
            SteeringRules.ExpireDue(draft, number);
            Advance(draft, agent);
            changed += draft.Revision == before ? 0 : 1;
        }

        return changed;
    }

    private static void Advance(MeshDraft draft, Agent agent)
    {
        var leases = draft.Base.Leases;
        switch (agent.Liveness)
        {
            case Liveness.Alive when leases.IsPast(leases.LapsesAt(agent, draft.VitalsOf(agent.Number)), draft.Now):
                draft.Emit(new AgentLivenessChanged { Subject = agent.Id, Liveness = Liveness.Suspect });
                break;
            case Liveness.Alive:
                StallRules.Advance(draft, agent);
                break;
            case Liveness.Suspect when leases.BeatMeanwhile(agent, draft.VitalsOf(agent.Number), draft.Now):
                draft.Emit(new AgentLivenessChanged { Subject = agent.Id, Liveness = Liveness.Alive });
                break;
            case Liveness.Suspect
                when leases.IsPast(leases.LapsesAt(agent, draft.VitalsOf(agent.Number)) + (agent.Ttl * 1000L), draft.Now):
                draft.Emit(new AgentLivenessChanged { Subject = agent.Id, Liveness = Liveness.Lost });
                break;
            case Liveness.Stopping when agent.Stop is { } stop && draft.Now.Lease >= leases.ForceAt(agent.Number, stop, draft.Now):
                KillRules.Force(draft, agent, stop.Reason, stop.Cascade);
                break;
        }
    }
}
