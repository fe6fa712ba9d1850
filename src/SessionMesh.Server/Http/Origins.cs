using System.Net;
using SessionMesh.Core.Audit;

namespace SessionMesh.Server.Http;

/// <summary>The origin of a request.</summary>
internal static class Origins
{
    /// <summary>
    /// Returns the origin for this request's commands, and sets the answer's <c>X-Request-Id</c> to the same id, so that callers can find
    /// their entries in the audit. Call it before the answer starts.
    /// </summary>
    public static Origin StampOrigin(this HttpContext http)
    {
        http.Response.Headers[ProblemWriter.RequestIdHeader] = http.TraceIdentifier;
        http.RunOnce();
        return new Origin(http.RemoteAddress(), http.TraceIdentifier);
    }

    /// <summary>The request is not run again: it has asked for something, or its body is read and not kept.</summary>
    public static void RunOnce(this HttpContext http)
    {
        if (http.Features.Get<UnconfirmedAnswer>() is { } answer)
        {
            answer.IsOnce = true;
        }
    }

    /// <summary>
    /// The remote address of the connection, with an IPv4-mapped one as IPv4; null if there is none, as on a Unix socket. No header is
    /// trusted: behind a proxy this is the proxy's address.
    /// </summary>
    public static string? RemoteAddress(this HttpContext http) => Text(http.Connection.RemoteIpAddress);

    /// <inheritdoc cref="RemoteAddress"/>
    internal static string? Text(IPAddress? address) =>
        (address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address)?.ToString();
}
