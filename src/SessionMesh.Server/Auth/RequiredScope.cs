using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Auth;

/// <summary>
/// The scopes of a route: a key needs one of them. A route without this answers nobody. <see cref="KeyAuthentication"/> checks it;
/// <see cref="Http.AgentAccess"/> does where a key may do with its own agent what needs a scope with others.
/// </summary>
public sealed record RequiredScope(params ScopeSet[] AnyOf)
{
    /// <summary>For what every valid key may do.</summary>
    public static readonly RequiredScope AnyKey = new(ScopeSet.None);
}

/// <summary>Marks the route that is opened by a refresh token instead of a key.</summary>
public sealed record RefreshTokenRequired
{
    public static readonly RefreshTokenRequired Instance = new();
}

/// <summary>Marks the few routes that answer without a key.</summary>
public sealed record Anonymous
{
    public static readonly Anonymous Instance = new();
}
