using Microsoft.Extensions.Primitives;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Http;
using SessionMesh.Server.Options;

namespace SessionMesh.Server.Auth;

/// <summary>
/// Refuses what a browser sends on behalf of another site's page, before authentication and whatever it carries. Such a request shows by
/// its <c>Origin</c>, or by <c>Sec-Fetch-Site</c> if the browser leaves the origin out; programs send neither. An allowed origin gets the
/// CORS headers that its browser needs; no other origin gets any.
/// </summary>
public sealed class OriginGuard(RequestDelegate next, AllowedOrigins allowed, ProblemWriter problems)
{
    private const string Methods = "GET, POST, PATCH, DELETE";
    private const string Headers = "Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID"
        + ", Mcp-Session-Id, MCP-Protocol-Version, Mcp-Method, Mcp-Name";

    private const string Exposed =
        "Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, X-Mesh-Revision, Idempotency-Replayed, Mcp-Session-Id";

    /// <summary>
    /// Seconds that a browser may cache a preflight: ten minutes, so that an origin that is no longer allowed is soon locked out.
    /// </summary>
    private const string PreflightAge = "600";

    public Task InvokeAsync(HttpContext http)
    {
        var headers = http.Request.Headers;
        var origin = headers.Origin;
        var site = headers["Sec-Fetch-Site"];
        if (allowed.Any)
        {
            http.Response.Headers.Vary = "Origin"; // even without an Origin: a cache must not hand that answer to a page
        }

        if (origin.Count == 0 && site.Count == 0)
        {
            return next(http);
        }

        if (origin is [{ } one] && WebOrigin.TryParse(one, out var from))
        {
            if (allowed.Contains(from))
            {
                return CrossOrigin(http, one);
            }

            if (IsOwn(http, from) && IsSameOrigin(site))
            {
                return next(http);
            }
        }
        else if (origin.Count == 0 && (IsSameOrigin(site) || IsLinkToFrontPage(http)))
        {
            return next(http);
        }

        return problems.WriteAsync(http, new MeshError(ErrorKind.Forbidden, ErrorCodes.OriginNotAllowed,
            "This request comes from a web page of another origin, and those may not use this server. Start it with --allow-origin ORIGIN "
            + "for a page that may."));
    }

    private Task CrossOrigin(HttpContext http, string origin)
    {
        var answer = http.Response.Headers;
        answer.AccessControlAllowOrigin = origin;
        if (!HttpMethods.IsOptions(http.Request.Method) || http.Request.Headers.AccessControlRequestMethod.Count == 0
            || !(http.Request.Path.StartsWithSegments(Routes.Prefix, StringComparison.OrdinalIgnoreCase)
                || http.Request.Path.Equals(Routes.Mcp, StringComparison.OrdinalIgnoreCase)))
        {
            answer.AccessControlExposeHeaders = Exposed;
            return next(http);
        }

        answer.AccessControlAllowMethods = Methods;
        answer.AccessControlAllowHeaders = Headers;
        answer.AccessControlMaxAge = PreflightAge;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary><c>none</c> means that a person typed the address or used a bookmark.</summary>
    private static bool IsSameOrigin(StringValues site) => site.Count == 0 || (site is [{ } one] && one is "same-origin" or "none");

    /// <summary>
    /// Whether a person followed a link to the front page, from a mail, a file or another site. What is there is the same for everybody,
    /// may not be framed, and does nothing before somebody signs in.
    /// </summary>
    private static bool IsLinkToFrontPage(HttpContext http) =>
        HttpMethods.IsGet(http.Request.Method) && http.Request.Path == "/"
        && http.Request.Headers["Sec-Fetch-Mode"] is ["navigate"] && http.Request.Headers["Sec-Fetch-Dest"] is ["document"];

    /// <summary>
    /// Whether the page comes from the scheme, name and port that this request went to. The host guard has already checked the name.
    /// </summary>
    private static bool IsOwn(HttpContext http, WebOrigin origin) =>
        WebOrigin.TryParse($"{http.Request.Scheme}://{http.Request.Headers.Host}", out var own) && own == origin;
}

/// <summary>The origins whose pages may call the API. Immutable.</summary>
public sealed class AllowedOrigins(IEnumerable<WebOrigin> origins)
{
    private readonly HashSet<WebOrigin> _origins = [.. origins];

    public bool Any => _origins.Count > 0;

    public bool Contains(WebOrigin origin) => _origins.Contains(origin);
}
