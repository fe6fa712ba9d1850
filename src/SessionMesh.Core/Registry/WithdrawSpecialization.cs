using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Registry;

/// <summary><c>DELETE /registry</c>: removes a specialization that an agent declares.</summary>
public sealed record WithdrawSpecialization : Command<Agent>
{
    public required string AgentId { get; init; }
    public required string Specialization { get; init; }

    public override Outcome<Agent> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent)
        {
            return Fencing.NotFound(AgentId);
        }

        if (!agent.Specializations.Contains(Specialization))
        {
            return new MeshError(
                ErrorKind.NotFound,
                ErrorCodes.SpecializationNotFound,
                $"Agent '{AgentId}' does not declare '{Specialization}'. It declares"
                + (agent.Specializations.Names is { Count: > 0 } names ? $": {string.Join(", ", names)}." : " none."));
        }

        RegistrationRules.Update(draft, agent, agent with { Skills = agent.Skills.Without(Specialization) });
        return draft.AgentAt(agent.Number);
    }
}
