using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SessionMesh.Server.Options;

/// <summary>
/// Host names in the form in which they are compared: lower case, IPv4 as four numbers, IPv6 at its shortest and in brackets.
/// </summary>
internal static class HostName
{
    /// <summary>
    /// Null for what is neither a DNS name nor an address in its usual notation. A port, zone, wildcard or trailing dot is not.
    /// </summary>
    public static string? Canonical(string text)
    {
        var inner = text is ['[', .. var between, ']'] ? between : text;
        if (inner.Contains(':', StringComparison.Ordinal))
        {
            return !inner.Contains('%', StringComparison.Ordinal)
                && IPAddress.TryParse(inner, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6
                ? $"[{six}]"
                : null;
        }

        if (inner.Length != text.Length)
        {
            return null;
        }

        // 127.1 and 0x7f.0.0.1 are addresses to some readers and names to others.
        if (IPAddress.TryParse(text, out var four))
        {
            return four.ToString() == text ? text : null;
        }

        var isDns = Ascii.IsValid(text) && !text.EndsWith('.') && Uri.CheckHostName(text) == UriHostNameType.Dns;
        return isDns ? text.ToLowerInvariant() : null;
    }

    /// <summary>Splits <c>host</c> or <c>host:port</c>; allocates for IPv6 only.</summary>
    /// <param name="port">-1 when there is none.</param>
    public static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> host, out int port)
    {
        port = -1;
        var end = text.StartsWith("[") ? text.IndexOf(']') + 1 : text.IndexOf(':') is var colon && colon < 0 ? text.Length : colon;
        host = text[..end];
        if (host.IsEmpty)
        {
            return false;
        }

        if (host[0] == '[')
        {
            if (Canonical(host.ToString()) is not { } canonical)
            {
                return false;
            }

            host = canonical;
        }

        return end == text.Length
            || (text[end] == ':'
                && int.TryParse(text[(end + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port)
                && port is > 0 and <= IPEndPoint.MaxPort);
    }
}
