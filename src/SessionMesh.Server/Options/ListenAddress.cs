using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace SessionMesh.Server.Options;

/// <summary>
/// One of <c>--urls</c>. It is parsed here and bound as it is, so that the value that is checked is the value that is opened. (The
/// framework's own parsers disagree: to one of them <c>loopback</c> is this machine, to the other every interface.)
/// </summary>
/// <param name="Host">As a Host header has it; null for <c>*</c> and <c>+</c>.</param>
/// <param name="Ip">Null for every interface, and for <c>localhost</c>, which is both loopback addresses.</param>
public sealed partial record ListenAddress(bool IsTls, string? Host, IPAddress? Ip, int Port)
{
    public bool IsLoopback => Ip is null ? Host == "localhost" : IPAddress.IsLoopback(Ip);

    /// <summary>As it is typed.</summary>
    public string Url => string.Create(CultureInfo.InvariantCulture, $"{(IsTls ? "https" : "http")}://{Host ?? "*"}:{Port}");

    /// <exception cref="StartupException">It is not one http or https address, or its port does not exist.</exception>
    public static ListenAddress Parse(string url)
    {
        var match = Form().Match(url);
        if (!match.Success)
        {
            throw Refused(url);
        }

        var tls = match.Groups["scheme"].Value.Equals("https", StringComparison.OrdinalIgnoreCase);
        var port = match.Groups["port"] is { Success: true } given
            ? int.Parse(given.Value, CultureInfo.InvariantCulture)
            : WebOrigin.DefaultPort(tls ? "https" : "http");
        var host = match.Groups["host"].Value;
        if (port > IPEndPoint.MaxPort)
        {
            throw Refused(url);
        }

        if (host is "*" or "+")
        {
            return new ListenAddress(tls, null, null, port);
        }

        if (HostName.Canonical(host) is not { } name)
        {
            throw Refused(url);
        }

        if (name == "localhost" && port == 0)
        {
            throw new StartupException(
                $"'{url}': localhost is two addresses, which cannot share a port that the system chooses. Say 127.0.0.1:0.");
        }

        return new ListenAddress(tls, name, IPAddress.TryParse(name, out var ip) ? ip : null, port);
    }

    private static StartupException Refused(string url) =>
        new($"'{url}' is not an address. Say for example --urls {ServerOptions.DefaultUrl}.");

    [GeneratedRegex(
        @"^(?<scheme>https?)://(?<host>\[[0-9a-f:.]+\]|[^\s:/?#@\[\]]+)(:(?<port>[0-9]{1,5}))?/?$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
