using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// <c>/</c>: what this is and where to go, as a page where the client asks for one, else as a few lines of text. The same for everybody: it
/// needs no key, shows nothing of the mesh, and repeats nothing of the request. With the dashboard the page is that.
/// </summary>
internal static class FrontPage
{
    private const string Path = "/";

    private static readonly byte[] s_text = Encoding.UTF8.GetBytes(
        $"""
        Session Mesh: the control plane for fleets of agents.
        The API is under {Routes.Prefix} and needs a key. {Routes.OpenApi} describes it, {Routes.Swagger} is a page to try it.
        In a terminal: session-mesh --help

        """.ReplaceLineEndings("\n"));

    private static readonly byte[] s_page = ReadPage();

    /// <summary>Nothing may be loaded, sent or framed. The one style sheet is inside the page, and is known by its hash.</summary>
    private static readonly string s_policy =
        $"default-src 'none'; style-src 'sha256-{StyleHash()}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <param name="dashboard">Writes the live page; null where there is none.</param>
    public static void MapFrontPage(this IEndpointRouteBuilder routes, RequestDelegate? dashboard) =>
        routes.MapGet(Path, http => GetAsync(http, dashboard)).WithMetadata(Anonymous.Instance).ExcludeFromDescription();

    private static Task GetAsync(HttpContext http, RequestDelegate? dashboard)
    {
        var headers = http.Response.Headers;
        headers.Vary = StringValues.Concat(headers.Vary, HeaderNames.Accept);
        if (dashboard is not null && WantsPage(http.Request.Headers.Accept))
        {
            return dashboard(http);
        }

        var body = s_text;
        if (WantsPage(http.Request.Headers.Accept))
        {
            headers.ContentSecurityPolicy = s_policy;
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            body = s_page;
        }

        http.Response.ContentType = body == s_page ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
        http.Response.ContentLength = body.Length;
        return http.Response.BodyWriter.WriteAsync(body).AsTask();
    }

    /// <summary>Whether HTML is named: a browser names it, and what takes anything is a program.</summary>
    private static bool WantsPage(StringValues accept) =>
        MediaTypeHeaderValue.TryParseList(accept!, out var types)
        && types.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase) && type.Quality != 0);

    private static byte[] ReadPage()
    {
        using var stream = typeof(FrontPage).Assembly.GetManifestResourceStream(typeof(FrontPage), "FrontPage.html")!;
        using var reader = new StreamReader(stream);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd().ReplaceLineEndings("\n"));
    }

    private static string StyleHash()
    {
        var page = s_page.AsSpan();
        var begin = page.IndexOf("<style>"u8) + "<style>"u8.Length;
        return Convert.ToBase64String(SHA256.HashData(page[begin..page.IndexOf("</style>"u8)]));
    }
}
