using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Auth;

/// <summary>
/// The scopes of a route: a key needs one of them. A route without this metadata refuses every key.
/// <see cref="KeyAuthentication"/> checks it; <see cref="Http.AgentAccess"/> does where a key may do to its own agent what needs a scope
/// for others.
/// </summary>
public sealed record RequiredScope(params ScopeSet[] AnyOf)
{
    /// <summary>For routes that any valid key may use.</summary>
    public static readonly RequiredScope AnyKey = new(ScopeSet.None);
}

/// <summary>Marks the route that takes a refresh token instead of a key.</summary>
public sealed record RefreshTokenRequired
{
    public static readonly RefreshTokenRequired Instance = new();
}

/// <summary>Marks the few routes that need no key.</summary>
public sealed record Anonymous
{
    public static readonly Anonymous Instance = new();
}
