using System.Net;
using System.Text.RegularExpressions;

namespace SessionMesh.Server.Options;

/// <summary>
/// One of <c>--urls</c>, taken apart here and bound as it is: what is checked and what is opened are the same value. (The
/// framework's own parsers disagree: to one of them <c>loopback</c> is this machine, to the other it is every interface.)
/// </summary>
/// <param name="Host">As a Host header has it; null for <c>*</c> and <c>+</c>.</param>
/// <param name="Ip">Null for every interface, and for <c>localhost</c>, which is both loopback addresses.</param>
public sealed partial record ListenAddress(bool IsTls, string? Host, IPAddress? Ip, int Port)
{
    public bool IsLoopback => Ip is null ? Host == "localhost" : IPAddress.IsLoopback(Ip);

    /// <exception cref="StartupException">It is not one address with a scheme of http or https, or no port that can be had.</exception>
    public static ListenAddress Parse(string url)
    {
        var match = Form().Match(url);
        if (!match.Success)
        {
            throw IsNone(url);
        }

        var tls = match.Groups["scheme"].Value.Equals("https", StringComparison.OrdinalIgnoreCase);
        var port = match.Groups["port"] is { Success: true } given ? int.Parse(given.Value, System.Globalization.CultureInfo.InvariantCulture) : tls ? 443 : 80;
        var host = match.Groups["host"].Value;
        if (port > IPEndPoint.MaxPort)
        {
            throw IsNone(url);
        }

        if (host is "*" or "+")
        {
            return new ListenAddress(tls, null, null, port);
        }

        if (HostName.Canonical(host) is not { } name)
        {
            throw IsNone(url);
        }

        if (name == "localhost" && port == 0)
        {
            throw new StartupException($"'{url}': localhost is two addresses, which cannot share a port that is still to be chosen. Say 127.0.0.1:0.");
        }

        return new ListenAddress(tls, name, IPAddress.TryParse(name, out var ip) ? ip : null, port);
    }

    private static StartupException IsNone(string url) => new($"'{url}' is no address. Say for example --urls {ServerOptions.DefaultUrl}.");

    [GeneratedRegex(@"^(?<scheme>https?)://(?<host>\[[0-9a-f:.]+\]|[^\s:/?#@\[\]]+)(:(?<port>[0-9]{1,5}))?/?$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Form();
}
