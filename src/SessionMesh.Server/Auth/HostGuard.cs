using SessionMesh.Contracts.Errors;
using SessionMesh.Server.Http;
using SessionMesh.Server.Options;

namespace SessionMesh.Server.Auth;

/// <summary>
/// Answers only to known host names, compared exactly: otherwise a web page whose name resolves to this address could talk to the server
/// from a browser (DNS rebinding).
/// </summary>
public sealed class HostGuard(RequestDelegate next, AllowedHosts allowed, ProblemWriter problems)
{
    public Task InvokeAsync(HttpContext http)
    {
        var header = http.Request.Headers.Host;
        return header.Count == 1 && allowed.Contains(header[0], http.Connection.LocalPort)
            ? next(http)
            : problems.WriteAsync(http, new HttpError(StatusCodes.Status421MisdirectedRequest, ErrorCodes.HostNotAllowed,
                "This server does not answer to that host name, or not on that port. "
                + $"It answers to: {string.Join(", ", allowed.Names)}. Add another with --allow-host NAME."));
    }
}

/// <summary>
/// The host names that this server answers to. Its own (loopback, and those of its addresses) must come with the connection's port or none;
/// names from <c>--allow-host</c> with any port, because a proxy in front has its own. Immutable.
/// </summary>
public sealed class AllowedHosts
{
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _own;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _extra;

    /// <param name="extra">In canonical form.</param>
    public AllowedHosts(IEnumerable<ListenAddress> addresses, IEnumerable<string> extra)
    {
        var named = addresses.Where(a => a.Host is not null && !IsEveryInterface(a)).Select(a => a.Host!);
        var own = new HashSet<string>(["localhost", "127.0.0.1", "[::1]", .. named], StringComparer.OrdinalIgnoreCase);
        var more = new HashSet<string>(extra, StringComparer.OrdinalIgnoreCase);
        Names = [.. own.Union(more, StringComparer.OrdinalIgnoreCase)];
        _own = own.GetAlternateLookup<ReadOnlySpan<char>>();
        _extra = more.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public IReadOnlyList<string> Names { get; }

    /// <param name="header">The <c>Host</c> header as received.</param>
    /// <param name="localPort">The local port of the connection.</param>
    public bool Contains(string? header, int localPort) =>
        HostName.TrySplit(header, out var host, out var port)
        && (_extra.Contains(host) || (_own.Contains(host) && (port < 0 || port == localPort)));

    private static bool IsEveryInterface(ListenAddress address) =>
        address.Ip is { } ip && (ip.Equals(System.Net.IPAddress.Any) || ip.Equals(System.Net.IPAddress.IPv6Any));
}
