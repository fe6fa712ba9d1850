using SessionMesh.Contracts;

namespace SessionMesh.Server.Http;

/// <summary>
/// What every answer tells a browser not to do with it; and the page that there is, what it may load. Set before anything else
/// runs, so that a refusal has them too. Constants alone: this is on the path of every request.
/// </summary>
internal static class ProtectiveHeaders
{
    /// <summary>
    /// For the API page alone. Its scripts and styles are files of this server; images are drawn from <c>data:</c> too, because its
    /// icons are. The hash is that of the one style sheet inside its logo, which is black on black without; a new version of
    /// the page may want another, and works without. Nothing of any page is to frame it, and it is to send nothing anywhere else.
    /// </summary>
    public const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' "
        + "data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>A year. Not said to <c>localhost</c>: a browser would hold every other port of this machine to it.</summary>
    private const string StrictTransport = "max-age=31536000";

    public static void Set(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        var path = http.Request.Path;
        if (path.StartsWithSegments(Routes.Keys, StringComparison.OrdinalIgnoreCase))
        {
            headers.CacheControl = "no-store"; // by its path, so that it holds for whatever goes wrong there
        }
        else if (path.StartsWithSegments(Routes.Swagger, StringComparison.OrdinalIgnoreCase))
        {
            headers.ContentSecurityPolicy = PagePolicy;
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
        }

        if (http.Request.IsHttps && !http.Request.Host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            headers.StrictTransportSecurity = StrictTransport;
        }
    }
}
