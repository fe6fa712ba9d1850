using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Agents;

/// <summary>What an agent declares about itself; null keeps what is known, or the default for a new agent.</summary>
public sealed record Profile
{
    public string? ParentId { get; init; }
    public string? Cluster { get; init; }
    public string? User { get; init; }

    /// <summary>Replaces what was declared before.</summary>
    public IReadOnlyList<SkillProfile>? Skills { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Seconds of the lease.</summary>
    public int? Ttl { get; init; }

    /// <summary>Characters of what can be long.</summary>
    internal int Length =>
        (Skills?.Sum(skill => skill.Length) ?? 0) + (Labels?.Sum(label => label.Key.Length + label.Value.Length) ?? 0);
}

/// <summary>The result of a registration.</summary>
/// <param name="Created">Whether a session began, or the agent became known.</param>
/// <param name="Renewed">Whether it renewed the lease. False only for a declaration, which is no sign of life.</param>
public sealed record Registered(Agent Agent, bool Created, bool Renewed = true);

/// <summary>
/// <c>POST /agents</c>: with the current incarnation it renews the lease, without one it starts the next incarnation. While the agent is
/// alive, that is refused unless the caller takes over.
/// </summary>
public sealed record RegisterAgent : Command<Registered>
{
    public required string AgentId { get; init; }
    public required Profile Profile { get; init; }
    public int? Incarnation { get; init; }
    public bool Takeover { get; init; }

    public override int Weight => BaseWeight + Profile.Length;

    public override Outcome<Registered> Decide(MeshDraft draft)
    {
        var placed = Placing.Check(draft, AgentId, Profile);
        if (!placed.Succeeded)
        {
            return placed.Error;
        }

        var (agent, profile) = (draft.FindAgent(AgentId), placed.Value);
        if (agent is null)
        {
            return Incarnation is null
                ? RegistrationRules.Begin(draft, null, AgentId, profile, Limits.DefaultAgentTtl, superseded: false)
                : Fencing.NotFound(AgentId);
        }

        if (Incarnation is not null)
        {
            return Fencing.Check(agent, Incarnation) is { } fenced ? fenced : RegistrationRules.Renew(draft, agent, profile);
        }

        return agent.Liveness switch
        {
            Liveness.Alive when !Takeover => AlreadyAlive(agent),
            Liveness.Stopping => new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.Stopping,
                $"Agent '{AgentId}' is being stopped. Register again once its exit is reported, or its grace period is over.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            },
            Liveness.Dead when agent.LastExit is { } exit && draft.Now.Wall < exit.TombstoneUntil => Fencing.Tombstoned(agent),
            _ => RegistrationRules.Begin(draft, agent, AgentId, profile, Limits.DefaultAgentTtl, superseded: agent.HasSession),
        };
    }

    private static MeshError AlreadyAlive(Agent agent) =>
        new(
            ErrorKind.Conflict,
            ErrorCodes.AlreadyAlive,
            $"Agent '{agent.Id}' is alive in incarnation {agent.Incarnation}. "
            + "Send that incarnation to renew it, \"takeover\": true to replace it, or choose another id.")
        {
            AgentStatus = agent.Liveness.Word(),
            Agent = agent.Number,
        };
}

/// <summary>Makes an agent known without a session. One that is known already stays as it is, unless it is to be updated.</summary>
public sealed record DeclareAgent : Command<Registered>
{
    public required string AgentId { get; init; }
    public required Profile Profile { get; init; }

    /// <summary>Brings a known agent in line with the profile, whatever its state. No lease is touched.</summary>
    public bool Update { get; init; }

    public override int Weight => BaseWeight + Profile.Length;

    public override Outcome<Registered> Decide(MeshDraft draft)
    {
        var known = draft.FindAgent(AgentId);
        if (known is not null && !Update)
        {
            return new Registered(known, Created: false, Renewed: false);
        }

        var placed = Placing.Check(draft, AgentId, Profile);
        if (!placed.Succeeded)
        {
            return placed.Error;
        }

        if (known is not null)
        {
            RegistrationRules.Update(draft, known, RegistrationRules.With(draft, known, placed.Value));
            return new Registered(draft.AgentAt(known.Number), Created: false, Renewed: false);
        }

        ForgettingRules.MakeRoom(draft, placed.Value.ParentId);
        var skills = SkillSet.Empty.Replaced(Profile.Skills ?? []);
        draft.Emit(new AgentDeclared
        {
            Subject = AgentId,
            Cluster = placed.Value.Cluster ?? RegistrationRules.DefaultCluster,
            ParentId = placed.Value.ParentId,
            User = Profile.User,
            Specializations = skills.Names.Names,
            Skills = skills.Detailed,
            Labels = Profile.Labels,
        });
        return new Registered(draft.KnownAgent(AgentId)!, Created: true, Renewed: false);
    }
}

/// <summary>What the registrations share.</summary>
internal static class RegistrationRules
{
    public const string DefaultCluster = "default";

    public static Registered Begin(MeshDraft draft, Agent? known, string agentId, Profile profile, int defaultTtl, bool superseded)
    {
        if (known is not null)
        {
            KeyRules.EndBoundTo(draft, agentId, known.Incarnation, "the agent began another incarnation");
            SteeringRules.EndStops(draft, known.Number);
        }
        else
        {
            ForgettingRules.MakeRoom(draft, profile.ParentId);
        }

        var skills = known?.Skills ?? SkillSet.Empty;
        skills = profile.Skills is null ? skills : skills.Replaced(profile.Skills);
        draft.Emit(new AgentRegistered
        {
            Subject = agentId,
            Incarnation = FirstOrNext(draft, known),
            Ttl = profile.Ttl ?? defaultTtl,
            Cluster = profile.Cluster ?? known?.Cluster ?? DefaultCluster,
            ParentId = profile.ParentId ?? ParentId(draft, known),
            User = profile.User ?? known?.User,
            Specializations = skills.Names.Names,
            Skills = skills.Detailed,
            Labels = profile.Labels ?? NullIfEmpty(known?.Labels),
            Superseded = superseded,
        });

        var agent = draft.KnownAgent(agentId)!;
        draft.Renew(agent.Number, Beat.Empty);
        return new Registered(agent, Created: true);
    }

    /// <summary>Never reuses an incarnation: a new agent may have the id of one that was forgotten.</summary>
    internal static int FirstOrNext(MeshDraft draft, Agent? known) =>
        (known is { Incarnation: > 0 } ? known.Incarnation : draft.ForgottenIncarnation) + 1;

    public static Registered Renew(MeshDraft draft, Agent agent, Profile profile)
    {
        if (agent.Liveness is Liveness.Suspect or Liveness.Lost)
        {
            draft.Emit(new AgentLivenessChanged { Subject = agent.Id, Liveness = Liveness.Alive });
            agent = draft.AgentAt(agent.Number);
        }

        Update(draft, agent, With(draft, agent, profile));
        draft.Renew(agent.Number, Beat.Empty);
        return new Registered(draft.AgentAt(agent.Number), Created: false);
    }

    /// <summary>The agent with what a profile says; what it leaves out stays.</summary>
    public static Agent With(MeshDraft draft, Agent agent, Profile profile) => agent with
    {
        Ttl = profile.Ttl ?? agent.Ttl,
        Cluster = profile.Cluster ?? agent.Cluster,
        Parent = profile.ParentId is null ? agent.Parent : draft.KnownAgent(profile.ParentId)!.Number,
        User = profile.User ?? agent.User,
        Skills = profile.Skills is null ? agent.Skills : agent.Skills.Replaced(profile.Skills),
        Labels = profile.Labels is null ? agent.Labels : LabelSet.Of(profile.Labels),
    };

    /// <summary>Emits an update if anything changes: a renewal that says nothing new is not logged.</summary>
    public static void Update(MeshDraft draft, Agent before, Agent after)
    {
        if (before == after)
        {
            return;
        }

        draft.Emit(new AgentUpdated
        {
            Subject = after.Id,
            Ttl = after.Ttl,
            Cluster = after.Cluster,
            ParentId = after.Parent < 0 ? null : draft.AgentAt(after.Parent).Id,
            User = after.User,
            Specializations = after.Specializations.Names,
            Skills = after.Skills.Detailed,
            Labels = NullIfEmpty(after.Labels),
        });
    }

    private static string? ParentId(MeshDraft draft, Agent? agent) => agent is { Parent: >= 0 } ? draft.AgentAt(agent.Parent).Id : null;

    private static IReadOnlyDictionary<string, string>? NullIfEmpty(LabelSet? labels) =>
        labels is null or { Labels.Count: 0 } ? null : labels.Labels;
}
