using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Http;

/// <summary>Who calls, once authenticated.</summary>
public static class Caller
{
    /// <summary>The key that authenticated this request. Only on routes that need one.</summary>
    public static Key GetKey(this HttpContext http) =>
        http.Features.Get<Key>() ?? throw new InvalidOperationException("this route authenticates nobody");

    /// <summary>
    /// Null while the key is valid: a body may have dripped in since it was authenticated. Commands are asked this when they are decided.
    /// </summary>
    public static MeshError? CheckStillValid(this Key key, MeshEngine engine) =>
        engine.State.Keys.Find(key.Id)?.IsValidAt(engine.Now.Wall) == true ? null : KeyRules.Unauthenticated();

    /// <summary>
    /// An agent that the key may read: with the scope any that it reaches (404, as for one that is not there), else its own (403).
    /// </summary>
    public static Outcome<AgentSlot> FindAgent(this Key key, MeshState state, ScopeSet scope, string agentId) =>
        key.CheckAgent(scope, agentId) is { } refused ? refused
        : state.Find(agentId) is { } slot && state.Reaches(key, slot.Agent) ? slot
        : Fencing.NotFound(agentId);

    /// <summary>
    /// Null when the key may act for that agent: with the scope itself it may for any, with <c>agent:self</c> for the one it is
    /// bound to. Which ones it reaches is looked at when the command is decided.
    /// </summary>
    public static MeshError? CheckAgent(this Key key, ScopeSet scope, string agentId) =>
        key.Has(scope) || key.AgentId == agentId
            ? null
            : NotYours(key);

    public static MeshError NotYours(Key key) =>
        new(ErrorKind.Forbidden, ErrorCodes.NotYourAgent, $"This key is bound to agent '{key.AgentId}' and may not act for another.");
}
