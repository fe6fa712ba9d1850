using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>A forgotten agent as it last was, and how many children it left.</summary>
public sealed record Forgotten(Agent Agent, int Orphans);

/// <summary><c>DELETE /agents/{id}?forget=true</c>: forgets a dead or lost agent at once.</summary>
public sealed record ForgetAgent : Command<Forgotten>
{
    public required string AgentId { get; init; }

    public override Outcome<Forgotten> Decide(MeshDraft draft) =>
        draft.FindAgent(AgentId) is not { } agent ? Fencing.NotFound(AgentId)
        : (ForgettingRules.CheckGone(draft, agent) ?? ForgettingRules.CheckReach(draft, agent)) is { } refused ? refused
        : ForgettingRules.Forget(draft, agent);
}

/// <summary>Forgets agents whose retention is over. Each is checked again here, since it may have come back.</summary>
public sealed record ForgetGone : Command<int>
{
    public required IReadOnlyList<string> AgentIds { get; init; }

    /// <summary>Wall milliseconds before which they must have been gone.</summary>
    public required long Before { get; init; }

    /// <summary>Returns how many were forgotten.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var forgotten = 0;
        foreach (var id in AgentIds)
        {
            if (draft.KnownAgent(id) is { } agent && agent.GoneAt < Before && ForgettingRules.CheckGone(draft, agent) is null)
            {
                ForgettingRules.Forget(draft, agent, "its time of retention was over");
                forgotten++;
            }
        }

        return forgotten;
    }
}
