using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Agents;

/// <summary>What all ways to end an agent share.</summary>
internal static class KillRules
{
    /// <summary>Milliseconds for which an unconfirmed end refuses the next registration: the process may still run.</summary>
    public const long Tombstone = 15 * 60_000;

    /// <summary>
    /// Null when the caller's key reaches all agents that this affects: ending an agent ends its descendants, or moves them to another
    /// parent.
    /// </summary>
    /// <param name="handsOver">Whether the children go to the grandparent, where they must be within reach.</param>
    public static MeshError? CheckReach(MeshDraft draft, KillPlan plan, bool handsOver = false)
    {
        if (draft.Caller?.Reach is not { } reach)
        {
            return null;
        }

        var memo = new ReachMemo(draft.Caller, draft.FindAt);
        foreach (var (number, nearest) in plan.Order)
        {
            var agent = draft.AgentAt(number);
            if (agent.Liveness == Liveness.Dead)
            {
                continue;
            }

            var moves = handsOver && agent.Parent >= 0 && plan.IsAsked(agent.Parent);
            if (!memo.Reaches(agent) || (moves && !memo.CoversPlace(agent.Id, agent.Cluster, draft.AgentAt(agent.Parent).Parent)))
            {
                var above = draft.AgentAt(number == nearest && agent.Parent >= 0 ? agent.Parent : nearest).Id;
                return new MeshError(
                    ErrorKind.Forbidden,
                    ErrorCodes.OutsideReach,
                    $"Agents below '{above}' are beyond this key, which is for those within {reach}. Use a key that reaches them.");
            }
        }

        return null;
    }

    /// <summary>
    /// Stops the agents that were asked for and, with a cascade, all below them. A cascade goes leaves first, so that no parent is gone
    /// while its children are still being told. Without one it is parents first, so that a child that stays is handed over once, past all
    /// that go.
    /// </summary>
    public static List<KillOutcome> Kill(MeshDraft draft, KillPlan plan, StopOrder order)
    {
        for (var i = 0; i < plan.Order.Count; i++)
        {
            var number = plan.Order[order.Cascade ? plan.Order.Count - 1 - i : i].Number;
            if (order.Cascade || plan.IsAsked(number))
            {
                KillOne(draft, draft.AgentAt(number), order);
            }
        }

        var memo = new ReachMemo(draft.Caller, draft.FindAt);
        var outcomes = new List<KillOutcome>(plan.Asked.Count);
        foreach (var agent in plan.Asked)
        {
            outcomes.Add(KillOutcome.Of(draft.AgentAt(agent.Number), plan.Below(agent.Number).Select(draft.AgentAt).Where(memo.Reaches)));
        }

        return outcomes;
    }

    private static void KillOne(MeshDraft draft, Agent agent, StopOrder order)
    {
        if (agent.Liveness == Liveness.Dead)
        {
            return;
        }

        if (order.AtOnce || agent.Liveness == Liveness.Declared)
        {
            Force(draft, agent, order.Reason, order.Cascade);
            return;
        }

        // Compares the time that is left, not the deadlines: those are wall times, and the wall clock may have been set since.
        var grace = order.Grace * 1000L;
        var deadline = draft.Now.Wall + grace;
        if (agent is { Liveness: Liveness.Stopping, Stop: { } running }
            && draft.Base.Leases.ForceAt(agent.Number, running, draft.Now) <= draft.Now.Lease + grace)
        {
            return;
        }

        SteeringRules.IssueStop(draft, agent, order.Grace, force: false, order.Reason);
        draft.Emit(new AgentStopping { Subject = agent.Id, Deadline = deadline, Reason = order.Reason, Cascade = order.Cascade });
    }

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
        // A kill also ends keys for an incarnation that has not begun; an exit says nothing about the next incarnation.
        var keysUpTo = death.Confirmed ? death.Incarnation : int.MaxValue;
        SteeringRules.EndPending(draft, agent.Number, death.Confirmed);
        draft.Emit(death);
        KeyRules.EndBoundTo(draft, agent.Id, keysUpTo, "the agent's incarnation ended");
    }

    /// <summary>Hands living children to the grandparent.</summary>
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
