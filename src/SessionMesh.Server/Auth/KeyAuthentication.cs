using System.Runtime.InteropServices;
using System.Security.Cryptography;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Auth;

/// <summary>
/// Authenticates the key (401, the same for every invalid key), then checks the route's scope (403, naming it). Both come before any
/// lookup, so that an answer never tells a stranger what exists. Keys come in the header only, never in a cookie or the query.
/// </summary>
public sealed class KeyAuthentication(RequestDelegate next, MeshEngine engine, Limiter limiter, ProblemWriter problems)
{
    private const string Scheme = "Bearer ";

    /// <summary>Compared against if the key id is unknown, so that an unknown id takes as long as a known one.</summary>
    private static readonly string s_noHash = new('-', 44);

    public Task InvokeAsync(HttpContext http)
    {
        // An endpoint that is not a route comes from routing itself (wrong method), and only says so.
        if (http.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<Anonymous>() is not null)
        {
            return limiter.Anonymous(http) is { } anonymous ? problems.WriteAsync(http, anonymous) : next(http);
        }

        if (HasKeyInQuery(http))
        {
            return problems.WriteAsync(http, limiter.Anonymous(http) ?? KeyInQuery());
        }

        // A call within a request, such as that of a tool: its key is authenticated, and counted once.
        if (http.Features.Get<Key>() is { } caller)
        {
            return AuthorizeAsync(http, endpoint, caller);
        }

        var refreshes = endpoint.Metadata.GetMetadata<RefreshTokenRequired>() is not null;
        if (Authenticate(http, refreshes) is not { } key)
        {
            return problems.WriteAsync(http, limiter.Anonymous(http) ?? KeyRules.Unauthenticated());
        }

        if (limiter.OfKey(http, key) is { } limited)
        {
            return problems.WriteAsync(http, limited);
        }

        http.Features.Set(key); // before the refusals, which name the key
        return refreshes ? next(http) : AuthorizeAsync(http, endpoint, key);
    }

    private Task AuthorizeAsync(HttpContext http, RouteEndpoint endpoint, Key key)
    {
        if (endpoint.Metadata.GetMetadata<RequiredScope>() is not { } required)
        {
            return problems.WriteAsync(http, new MeshError(ErrorKind.Forbidden, ErrorCodes.MissingScope,
                "This route declares no scope, so that no key may use it. That is a fault of the server."));
        }

        if (!Array.Exists(required.AnyOf, key.Has))
        {
            var names = string.Join(" or ", required.AnyOf.Select(scope => scope.ToWords()[0]));
            return problems.WriteAsync(http, new MeshError(ErrorKind.Forbidden, ErrorCodes.MissingScope,
                $"This key lacks the scope {names}. Use a key that has it."));
        }

        return next(http);
    }

    /// <param name="refresh">Whether the token must be a refresh token; a used one is accepted too, so that its reuse is noticed.</param>
    private Key? Authenticate(HttpContext http, bool refresh)
    {
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } value || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var token = value.AsSpan(Scheme.Length).Trim();
        if (!KeyToken.TryReadId(token, refresh ? KeyToken.RefreshPrefix : KeyToken.Prefix, out var id))
        {
            return null;
        }

        var key = engine.State.Keys.Find(id);
        Span<char> hash = stackalloc char[44];
        KeyToken.Hash(token, hash);
        var known = (refresh ? key?.RefreshHash : key?.Hash) ?? s_noHash;
        var isIt = CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes<char>(hash), MemoryMarshal.AsBytes<char>(known));
        var now = engine.Now.Wall;
        if (!isIt || !(refresh ? key!.IsRefreshKnownAt(now) : key!.IsValidAt(now)))
        {
            return null;
        }

        engine.KeyUses.Note(key, now);
        return key;
    }

    /// <summary>Checked even if the header is valid: a key in a query string has leaked, and its owner must be told.</summary>
    private static bool HasKeyInQuery(HttpContext http) =>
        http.Request.QueryString.Value is { Length: > 0 } query
        && (query.Contains(KeyToken.Prefix, StringComparison.Ordinal) || query.Contains(KeyToken.RefreshPrefix, StringComparison.Ordinal));

    private static MeshError KeyInQuery() =>
        new(ErrorKind.Unauthenticated, ErrorCodes.KeyInQuery,
            "A key in the query string ends up in logs and histories, so it is not taken. Send it as Authorization: Bearer KEY, and revoke "
            + "this one with DELETE /api/session-mesh/keys/KEY_ID.");
}
