using System.Net;
using SessionMesh.Core.Audit;

namespace SessionMesh.Server.Http;

/// <summary>Where a request came from.</summary>
internal static class Origins
{
    /// <summary>
    /// The origin to execute this request's commands with. The answer's <c>X-Request-Id</c> is set to the same id, so that a caller
    /// finds the entries of his call; ask before the answer begins.
    /// </summary>
    public static Origin StampOrigin(this HttpContext http)
    {
        http.Response.Headers[ProblemWriter.RequestIdHeader] = http.TraceIdentifier;
        return new Origin(http.RemoteAddress(), http.TraceIdentifier);
    }

    /// <summary>
    /// The other end of the connection, an IPv4-mapped address as IPv4; null where there is none, as on a Unix socket. No header is
    /// believed: behind a proxy it is the proxy's.
    /// </summary>
    public static string? RemoteAddress(this HttpContext http) => Text(http.Connection.RemoteIpAddress);

    /// <inheritdoc cref="RemoteAddress"/>
    internal static string? Text(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
