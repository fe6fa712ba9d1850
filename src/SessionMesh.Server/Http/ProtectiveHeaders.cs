using SessionMesh.Contracts;

namespace SessionMesh.Server.Http;

/// <summary>
/// Headers that tell a browser what it may not do with an answer, and what the one page may load. Set before anything else runs, so that
/// errors have them too. Constants only: every request pays for this.
/// </summary>
internal static class ProtectiveHeaders
{
    /// <summary>
    /// For the page of the API alone. Its scripts and styles are files of this server; its icons are <c>data:</c> images. The hash is that
    /// of the one style sheet inside its logo, which is black on black without it; a new version of the page may need another hash, and
    /// works without one. Nothing may frame the page, and it may send nothing elsewhere.
    /// </summary>
    public const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' "
        + "data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>One year. Never sent for <c>localhost</c>: the browser would require HTTPS on every other port of the machine.</summary>
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
            headers.CacheControl = "no-store"; // by path, so that errors have it too
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
