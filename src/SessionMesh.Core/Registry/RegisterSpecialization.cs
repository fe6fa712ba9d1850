using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Registry;

/// <summary>
/// <c>POST /registry</c>: adds specializations to an agent, which is registered if it has no session and renewed otherwise. Needs no
/// incarnation.
/// </summary>
public sealed record RegisterSpecialization : Command<Registered>
{
    public required string AgentId { get; init; }

    /// <summary>With the specializations that are added.</summary>
    public required Profile Profile { get; init; }

    public override int Weight => BaseWeight + Profile.Length;

    public override Outcome<Registered> Decide(MeshDraft draft)
    {
        var placed = Placing.Check(draft, AgentId, Profile);
        if (!placed.Succeeded)
        {
            return placed.Error;
        }

        var agent = draft.FindAgent(AgentId);
        if (agent is { Liveness: Liveness.Dead, LastExit: { } exit } && draft.Now.Wall < exit.TombstoneUntil)
        {
            return Fencing.Tombstoned(agent);
        }

        var skills = (agent?.Skills ?? SkillSet.Empty).With(placed.Value.Skills ?? []);
        if (skills.Skills.Count > Limits.Specializations)
        {
            return MeshError.Invalid("/specializations", $"an agent declares at most {Limits.Specializations} specializations");
        }

        var profile = placed.Value with { Skills = [.. skills.Skills.Select(SkillProfile.Of)] };
        return agent is { HasSession: true, IsExpiredByHand: false }
            ? RegistrationRules.Renew(draft, agent, profile)
            : RegistrationRules.Begin(draft, agent, AgentId, profile, Limits.DefaultRegistryTtl, superseded: false);
    }
}
