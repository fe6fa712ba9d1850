using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>
/// An agent's registration, seen as a session: one lease under two names. The agent publishes small state to its peers in the session's
/// metadata, which ends with the session.
/// </summary>
public abstract record AgentSessionCommand : Command<Agent>
{
    /// <summary>Id of the agent.</summary>
    public required string AgentId { get; init; }

    /// <summary>Revision of the registration.</summary>
    public required long Session { get; init; }
    public long? IfMatch { get; init; }

    protected string SessionId => AgentSessionId.Of(Session);

    public sealed override Outcome<Agent> Decide(MeshDraft draft)
    {
        if (draft.FindAgent(AgentId) is not { } agent || agent.Session != Session)
        {
            return SessionRules.NotFound(SessionId);
        }

        return (SessionRules.CheckVersion(SessionId, agent.SessionVersion, IfMatch) ?? Change(draft, agent)) is { } refused
            ? refused
            : draft.AgentAt(agent.Number);
    }

    protected abstract MeshError? Change(MeshDraft draft, Agent agent);

    /// <param name="what">The rest of the sentence that begins with the agent.</param>
    private protected static MeshError Stopping(Agent agent, string what) =>
        new(ErrorKind.Conflict, ErrorCodes.Stopping, $"Agent '{agent.Id}' {what}")
        {
            AgentStatus = agent.Liveness.Word(),
            Agent = agent.Number,
        };
}

/// <inheritdoc cref="UpdateSession"/>
public sealed record UpdateAgentSession : AgentSessionCommand
{
    public required IReadOnlyDictionary<string, string?> Meta { get; init; }

    public override int Weight => BaseWeight + SessionRules.Length(Meta);

    protected override MeshError? Change(MeshDraft draft, Agent agent)
    {
        if (SessionRules.CheckSize(agent.Meta.With(Meta)) is { } tooLarge)
        {
            return tooLarge;
        }

        if (SessionRules.Effective(agent.Meta, Meta) is { Count: > 0 } changes)
        {
            draft.Emit(new SessionUpdated { Subject = SessionId, AgentId = AgentId, Meta = changes });
        }

        return null;
    }
}

/// <summary>
/// Expiring an agent's session by hand makes the agent lost: its heartbeats are refused until it registers again, or the session is
/// refreshed.
/// </summary>
public sealed record ExpireAgentSession : AgentSessionCommand
{
    public override bool IsVital(MeshState state) => true;

    protected override MeshError? Change(MeshDraft draft, Agent agent)
    {
        if (agent.Liveness is Liveness.Stopping)
        {
            return Stopping(agent, "is being stopped, and its session ends with it.");
        }

        if (!agent.IsExpiredByHand)
        {
            draft.Emit(new AgentLivenessChanged { Subject = AgentId, Liveness = Liveness.Lost, ByHand = true });
        }

        return null;
    }
}

/// <summary>Renews an agent's lease, durably. An agent that was lost, or expired by hand, is alive again.</summary>
public sealed record RefreshAgentSession : AgentSessionCommand
{
    /// <summary>Seconds; null keeps the current TTL.</summary>
    public int? Ttl { get; init; }

    protected override MeshError? Change(MeshDraft draft, Agent agent)
    {
        if (Ttl is { } ttl and (< Limits.MinAgentTtl or > Limits.MaxAgentTtl))
        {
            return MeshError.Invalid("/ttl", $"an agent's lease is from {Limits.MinAgentTtl} to {Limits.MaxAgentTtl} seconds");
        }

        if (agent.Liveness is Liveness.Stopping)
        {
            return Stopping(agent, "is being stopped.");
        }

        RegistrationRules.Renew(draft, agent, new Profile { Ttl = Ttl });
        return null;
    }
}
