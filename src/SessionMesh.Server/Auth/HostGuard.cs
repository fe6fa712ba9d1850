using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Auth;

/// <summary>
/// Answers only to names it is known by, compared exactly: otherwise a web page of a foreign name that resolves to this
/// address could talk to it from a browser (DNS rebinding).
/// </summary>
public sealed class HostGuard(RequestDelegate next, AllowedHosts allowed, ProblemWriter problems)
{
    public Task InvokeAsync(HttpContext http)
    {
        var host = http.Request.Host;
        return host.HasValue && allowed.Contains(host.Host)
            ? next(http)
            : problems.WriteAsync(http, new MeshError(421, ErrorCodes.HostNotAllowed,
                $"This server does not answer to that host name. It answers to: {string.Join(", ", allowed.Names)}. Add another with --allow-host NAME."));
    }
}

/// <summary>The host names this server answers to, without ports.</summary>
public sealed class AllowedHosts(IEnumerable<string> extra)
{
    private readonly HashSet<string> _names = new(["localhost", "127.0.0.1", "[::1]", .. extra], StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> Names => _names;

    public bool Contains(string host) => _names.Contains(host);
}
