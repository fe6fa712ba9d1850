using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// <c>POST /agents/{id}/move</c>: puts an agent, and with it all below it, under another parent or under none. An orphan that is moved is
/// none any more. Moving it to where it is changes nothing.
/// </summary>
public sealed record MoveAgent : Command<Agent>
{
    public required string AgentId { get; init; }

    /// <summary>Null for none.</summary>
    public required string? ParentId { get; init; }

    public override Outcome<Agent> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        if (Placing.CheckMove(draft, agent, ParentId) is { } error)
        {
            return error;
        }

        var from = agent.Parent < 0 ? null : draft.AgentAt(agent.Parent).Id;
        if (from != ParentId || agent.OrphanedFrom is not null)
        {
            draft.Emit(new AgentMoved { Subject = AgentId, ParentId = ParentId, FromParentId = from });
        }

        return draft.AgentAt(agent.Number);
    }
}
