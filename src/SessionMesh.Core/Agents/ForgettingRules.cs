using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Agents;

/// <summary>
/// Which agents may be forgotten, and what goes with them. Forgetting never weakens fencing: an agent with a tombstone is not forgotten,
/// the keys of a forgotten agent end, and the next agent with its id begins with a higher incarnation than any forgotten agent ever had.
/// </summary>
internal static class ForgettingRules
{
    /// <summary>
    /// How many children an agent that makes room may leave to its parent. One with more stays, unless all of them are dead.
    /// </summary>
    private const int MostHandedOver = 16;

    /// <summary>
    /// How many agents are checked to make room, so that a registration past the quota costs about as much as one below it.
    /// </summary>
    private const int MostLookedAt = 32;

    /// <summary>Null when the agent is dead or lost, and no tombstone fences its id off.</summary>
    public static MeshError? CheckGone(MeshDraft draft, Agent agent)
    {
        if (!agent.IsGone)
        {
            return new MeshError(ErrorKind.Conflict, ErrorCodes.NotGone,
                $"Agent '{agent.Id}' is {agent.Liveness.Word()}; only one that is dead or lost can be forgotten. "
                + $"Stop it first: session-mesh kill {agent.Id}.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            };
        }

        return agent is { Liveness: Liveness.Dead, LastExit: { } exit } && draft.Now.Wall < exit.TombstoneUntil
            ? new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.Tombstoned,
                $"The end of agent '{agent.Id}' is not confirmed: its process may still run. It can be forgotten at "
                + $"{DateTimeOffset.FromUnixTimeMilliseconds(exit.TombstoneUntil):yyyy-MM-ddTHH:mm:ssZ}, "
                + "or once its runner reports the exit. "
                + $"If you know that the process is gone: session-mesh revive {agent.Id}, then forget it.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            }
            : null;
    }

    /// <summary>
    /// Null when the caller's key reaches all living agents below this one, and still reaches its children once they have no parent.
    /// </summary>
    public static MeshError? CheckReach(MeshDraft draft, Agent agent) =>
        draft.Caller?.Reach is { } reach && draft.Descendants(agent.Number).Exists(below => below.Liveness != Liveness.Dead
            && (!draft.Reaches(below)
                || (below.Parent == agent.Number && !reach.CoversPlace(below.Id, below.Cluster, parent: -1, draft.AgentAt))))
            ? new MeshError(
                ErrorKind.Forbidden,
                ErrorCodes.OutsideReach,
                $"This key is limited to agents within {reach}. Living agents below '{agent.Id}' are beyond it, or would be without their "
                + "parent. Use a key that reaches them.")
            : null;

    /// <summary>Forgets an agent: its pending directives end, then its keys, then the agent itself.</summary>
    /// <param name="reason">For the log, if nobody asked for it.</param>
    public static Forgotten Forget(MeshDraft draft, Agent agent, string? reason = null)
    {
        var orphans = draft.Children(agent.Number).Count;
        SteeringRules.GiveUpPending(draft, agent, "the agent was forgotten");
        KeyRules.EndBoundTo(draft, agent.Id, int.MaxValue, "the agent was forgotten");
        draft.Emit(new AgentForgotten { Subject = agent.Id, Incarnation = agent.Incarnation, Reason = reason });
        return new Forgotten(agent, orphans);
    }

    /// <summary>
    /// Null when the caller may make another agent known: the agents that have not ended are fewer than the quota, and if those that have
    /// ended fill it up, one of them can be given up.
    /// </summary>
    public static MeshError? CheckQuota(MeshDraft draft, string? parentId)
    {
        if (draft.Caller is not { Account: { } account } caller)
        {
            return null;
        }

        var most = MostOf(draft, caller);
        var known = draft.AgentsOf(account);
        return known - draft.EndedOf(account) >= most
            ? new MeshError(
                ErrorKind.Exhausted,
                ErrorCodes.AgentQuota,
                $"The key {account} and those below it have made {most} agents known that have not ended, which is the limit. "
                + "Reuse an id, forget those that are lost, or use a separate key for each fleet.")
            : known >= most && Dispensable(draft, account, parentId) is null
                ? new MeshError(
                    ErrorKind.Exhausted,
                    ErrorCodes.AgentQuota,
                    $"The key {account} and those below it have made {most} agents known, which is the limit, "
                    + "and those of them that ended first are still the parents of others. Forget some that are no longer needed.")
                : null;
    }

    /// <summary>
    /// Call before an agent becomes known. An account that is at its limit gives up the agent that ended first. Its children go to its
    /// parent, so that no key loses sight of them.
    /// </summary>
    /// <param name="parentId">The parent of the new agent.</param>
    public static void MakeRoom(MeshDraft draft, string? parentId)
    {
        if (draft.Caller is not { Account: { } account } caller
            || draft.AgentsOf(account) < MostOf(draft, caller)
            || Dispensable(draft, account, parentId) is not { } agent)
        {
            return;
        }

        var children = draft.Children(agent.Number);
        foreach (var number in children.Count <= MostHandedOver ? children : [])
        {
            var child = draft.AgentAt(number);
            RegistrationRules.Update(draft, child, child with { Parent = agent.Parent });
        }

        Forget(draft, draft.AgentAt(agent.Number), "it had ended, and another agent took its place in the quota");
    }

    private static int MostOf(MeshDraft draft, Key caller) =>
        MintKey.IsAgents(draft, caller) ? Limits.AgentsPerAgentKey : Limits.AgentsPerKey;

    private static Agent? Dispensable(MeshDraft draft, string account, string? parentId)
    {
        var above = Above(draft, parentId);
        return draft.FirstEnded(account, MostLookedAt, agent => agent.Id != parentId && MayGo(draft, agent, above));
    }

    private static bool MayGo(MeshDraft draft, Agent agent, HashSet<int> above)
    {
        var children = draft.Children(agent.Number);
        return children.Count <= MostHandedOver
            || (!above.Contains(agent.Number) && children.TrueForAll(child => draft.AgentAt(child).Liveness == Liveness.Dead));
    }

    private static HashSet<int> Above(MeshDraft draft, string? id)
    {
        var numbers = new HashSet<int>();
        for (var at = id is null ? null : draft.KnownAgent(id); at is not null; at = at.Parent < 0 ? null : draft.AgentAt(at.Parent))
        {
            numbers.Add(at.Number);
        }

        return numbers;
    }
}
