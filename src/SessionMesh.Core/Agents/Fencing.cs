using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Agents;

/// <summary>
/// Fencing: a write by an agent carries the incarnation it speaks for, and one that is over can no longer change anything.
/// </summary>
public static class Fencing
{
    public static MeshError NotFound(string agentId) =>
        new(
            ErrorKind.NotFound,
            ErrorCodes.AgentNotFound,
            $"No agent '{agentId}' is known. List what is known with GET /api/session-mesh/agents, "
            + "or register it with POST /api/session-mesh/agents.");

    /// <summary>Null when the agent speaks of this epoch of the store, or names none.</summary>
    public static MeshError? CheckEpoch(MeshState state, long? epoch) => epoch is not { } given || given == state.Epoch
        ? null
        : new MeshError(
            ErrorKind.Conflict,
            ErrorCodes.Restored,
            $"This mesh is in epoch {state.Epoch}: its store was restored, and numbers from epoch {given} mean nothing any more. "
            + "Register again, and continue with the numbers of that answer.");

    /// <summary>Null when a write of that incarnation may pass. Without an incarnation the write speaks for the current one.</summary>
    public static MeshError? Check(Agent agent, int? incarnation)
    {
        if (CheckCurrent(agent, incarnation) is { } over)
        {
            return over;
        }

        return agent.Liveness switch
        {
            Liveness.Declared => new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.NoSession,
                $"Agent '{agent.Id}' is declared but has no session. Register it first with POST /api/session-mesh/agents.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            },
            Liveness.Dead => Tombstoned(agent),
            _ when agent.IsExpiredByHand => new MeshError(
                ErrorKind.Conflict,
                ErrorCodes.SessionExpired,
                $"The session of agent '{agent.Id}' was expired. Register again without an incarnation for a new one, or refresh it.")
            {
                AgentStatus = agent.Liveness.Word(),
                Agent = agent.Number,
            },
            _ => null,
        };
    }

    /// <summary>Null when that incarnation is the current one, whatever its state, or when none is given.</summary>
    public static MeshError? CheckCurrent(Agent agent, int? incarnation) =>
        incarnation is not { } given || given == agent.Incarnation ? null
        : given < agent.Incarnation ? Superseded(agent, given)
        : Unknown(agent, given);

    public static MeshError Superseded(Agent agent, int given) =>
        new(
            ErrorKind.Conflict,
            ErrorCodes.Superseded,
            $"Incarnation {given} of agent '{agent.Id}' is over; the current one is {agent.Incarnation}. "
            + "Stop this process, or register again for a new incarnation.")
        {
            AgentStatus = agent.Liveness.Word(),
            Agent = agent.Number,
        };

    public static MeshError Tombstoned(Agent agent)
    {
        var exit = agent.LastExit;
        var how = exit is { Confirmed: true } ? "ended" : "was stopped";
        var why = exit?.Reason is { } reason ? $" ({reason})" : "";
        var next = exit is { TombstoneUntil: > 0 }
            ? "Its end is not confirmed, so a new registration is refused until "
                + $"{DateTimeOffset.FromUnixTimeMilliseconds(exit.TombstoneUntil):yyyy-MM-ddTHH:mm:ssZ}, "
                + $"or until its runner reports the exit. If you know that its process is gone: session-mesh revive {agent.Id}."
            : "Register again without an incarnation to start the next one.";
        return new MeshError(
            ErrorKind.Conflict, ErrorCodes.Tombstoned, $"Incarnation {agent.Incarnation} of agent '{agent.Id}' {how}{why}. {next}")
        {
            AgentStatus = agent.Liveness.Word(),
            Agent = agent.Number,
        };
    }

    private static MeshError Unknown(Agent agent, int given) =>
        new(
            ErrorKind.Conflict,
            ErrorCodes.UnknownIncarnation,
            $"Agent '{agent.Id}' has no incarnation {given}; the current one is {agent.Incarnation}.")
        {
            AgentStatus = agent.Liveness.Word(),
            Agent = agent.Number,
        };
}
