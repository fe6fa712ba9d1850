namespace SessionMesh.Server.Options;

/// <summary>A web origin as browsers send it, with the port that its scheme implies. Compared by value.</summary>
public readonly record struct WebOrigin(string Scheme, string Host, int Port)
{
    /// <summary>False for anything but <c>http(s)://host[:port]</c>: <c>null</c>, a path, a wildcard, another scheme.</summary>
    public static bool TryParse(string text, out WebOrigin origin)
    {
        origin = default;
        var scheme = text.StartsWith("https://", StringComparison.Ordinal) ? "https"
            : text.StartsWith("http://", StringComparison.Ordinal) ? "http" : null;
        if (scheme is null
            || !HostName.TrySplit(text.AsSpan(scheme.Length + 3), out var host, out var port)
            || HostName.Canonical(host.ToString()) is not { } name)
        {
            return false;
        }

        origin = new WebOrigin(scheme, name, port < 0 ? DefaultPort(scheme) : port);
        return true;
    }

    public static int DefaultPort(string scheme) => scheme == "https" ? 443 : 80;
}
