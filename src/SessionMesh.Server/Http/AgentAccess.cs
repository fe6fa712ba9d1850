using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Http;

/// <summary>Which agents a key may read or act for.</summary>
public static class AgentAccess
{
    /// <summary>
    /// Finds an agent that the key may read. With the scope: any agent that it reaches, and 404 for the others, as if they did not exist.
    /// Without it: only the key's own agent, else 403.
    /// </summary>
    public static Outcome<AgentSlot> FindAgent(this Key key, MeshState state, ScopeSet scope, string agentId) =>
        key.CheckAgent(scope, agentId) is { } refused ? refused
        : state.Find(agentId) is { } slot && state.Reaches(key, slot.Agent) ? slot
        : Fencing.NotFound(agentId);

    /// <summary>
    /// Null if the key may act for that agent: with the scope for any agent, with <c>agent:self</c> for the one it is bound to. Whether it
    /// reaches the agent is checked when the command is decided.
    /// </summary>
    public static MeshError? CheckAgent(this Key key, ScopeSet scope, string agentId) =>
        key.Has(scope) || key.AgentId == agentId
            ? null
            : NotYours(key);

    public static MeshError NotYours(Key key) =>
        new(ErrorKind.Forbidden, ErrorCodes.NotYourAgent, $"This key is bound to agent '{key.AgentId}' and may not act for another.");
}
