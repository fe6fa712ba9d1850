using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Auth;

/// <summary>Who calls, once authenticated.</summary>
public static class Caller
{
    /// <summary>The key that authenticated this request. Only on routes that need one.</summary>
    public static Key GetKey(this HttpContext http) =>
        http.Features.Get<Key>() ?? throw new InvalidOperationException("this route authenticates nobody");

    /// <summary>
    /// Null when the key may act for that agent: with the scope itself it may for any, with <c>agent:self</c> for the one it is
    /// bound to.
    /// </summary>
    public static MeshError? CheckAgent(this Key key, ScopeSet scope, string agentId) =>
        key.Has(scope) || key.AgentId == agentId
            ? null
            : new MeshError(403, ErrorCodes.NotYourAgent, $"This key is bound to agent '{key.AgentId}' and may not act for another.");
}

/// <summary>The scopes of a route: a key needs one of them. A route without this answers nobody.</summary>
public sealed record RequiredScope(params ScopeSet[] AnyOf);

/// <summary>Marks the few routes that answer without a key.</summary>
public sealed record Anonymous
{
    public static readonly Anonymous Instance = new();
}
