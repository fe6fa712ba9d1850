using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Agents;

/// <summary>What is known of a kill, for the agent and for all below it.</summary>
public sealed record KillOutcome(Agent Agent, IReadOnlyList<Agent> Descendants);

/// <summary>
/// <c>DELETE /agents/{id}</c>: a stop directive with a grace period, then force; or force at once. Asking again changes
/// nothing but may force, or bring the deadline nearer; of a dead agent it gives the same report.
/// </summary>
public sealed record KillAgent : Command<KillOutcome>
{
    public required string AgentId { get; init; }

    /// <summary>Seconds until force follows.</summary>
    public required int Grace { get; init; }
    public bool AtOnce { get; init; }
    public bool Cascade { get; init; }
    public string? Reason { get; init; }

    public override Outcome<KillOutcome> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        // Leaves first, so that no parent is gone while its children are still being told.
        var below = draft.Descendants(agent.Number).FindAll(a => a.Liveness != Liveness.Dead);
        if (Cascade)
        {
            for (var i = below.Count - 1; i >= 0; i--)
            {
                KillOne(draft, draft.AgentAt(below[i].Number));
            }
        }

        KillOne(draft, draft.AgentAt(agent.Number));
        return new KillOutcome(draft.AgentAt(agent.Number), below.ConvertAll(a => draft.AgentAt(a.Number)));
    }

    private void KillOne(MeshDraft draft, Agent agent)
    {
        if (agent.Liveness == Liveness.Dead)
        {
            return;
        }

        if (AtOnce || agent.Liveness == Liveness.Declared)
        {
            KillRules.Force(draft, agent, Reason, Cascade);
            return;
        }

        var deadline = draft.Now.Wall + (Grace * 1000L);
        if (agent.Stop is { } running && agent.Liveness == Liveness.Stopping && running.Deadline <= deadline)
        {
            return;
        }

        SteeringRules.IssueStop(draft, agent, Grace, force: false, Reason);
        draft.Emit(new AgentStopping { Subject = agent.Id, Deadline = deadline, Reason = Reason, Cascade = Cascade });
    }
}

/// <summary>
/// <c>POST /agents/{id}/exit</c>: the agent or its runner saw the process end. This alone makes a death confirmed, and it is
/// taken after a force too.
/// </summary>
public sealed record ReportExit : Command<KillOutcome>
{
    public required string AgentId { get; init; }
    public required int Incarnation { get; init; }
    public int? ExitCode { get; init; }
    public string? Signal { get; init; }
    public string? Reason { get; init; }

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
            var reason = agent.Stop?.Reason ?? agent.LastExit?.Reason ?? Reason;
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

        var below = draft.Descendants(agent.Number).FindAll(a => a.Liveness != Liveness.Dead);
        return new KillOutcome(draft.AgentAt(agent.Number), below);
    }
}

/// <summary>What every way to die shares.</summary>
internal static class KillRules
{
    /// <summary>Milliseconds for which an unconfirmed end refuses the next registration: the process may still run.</summary>
    public const long Tombstone = 15 * 60_000;

    /// <summary>Ends an incarnation without proof. The stop directive stays, so that a runner that still listens hears of it.</summary>
    public static void Force(MeshDraft draft, Agent agent, string? reason, bool cascade)
    {
        var neverRan = agent.Liveness == Liveness.Declared;
        if (!neverRan)
        {
            SteeringRules.IssueStop(draft, agent, grace: 0, force: true, reason);
        }

        Die(draft, agent, new AgentDied
        {
            Subject = agent.Id,
            Incarnation = agent.Incarnation,
            Confirmed = false,
            Reason = reason,
            TombstoneUntil = neverRan ? 0 : draft.Now.Wall + Tombstone,
        });
        if (!cascade)
        {
            HandOver(draft, agent);
        }
    }

    public static void Die(MeshDraft draft, Agent agent, AgentDied death)
    {
        SteeringRules.EndPending(draft, agent.Number, death.Confirmed);
        draft.Emit(death);
        KeyRules.EndBoundTo(draft, agent.Id, "the agent's incarnation ended");
    }

    /// <summary>Living children go to the grandparent.</summary>
    public static void HandOver(MeshDraft draft, Agent agent)
    {
        foreach (var number in draft.Children(agent.Number))
        {
            var child = draft.AgentAt(number);
            if (child.Liveness != Liveness.Dead)
            {
                RegistrationRules.Update(draft, child, child with { Parent = agent.Parent });
            }
        }
    }
}
