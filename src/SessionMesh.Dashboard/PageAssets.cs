using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace SessionMesh.Dashboard;

/// <summary>
/// The files of the page: a style sheet, a script, and the scripts of Blazor and its table. They are embedded, so that they are there
/// however the server is built and started. The address of each has the hash of its content, and may be cached for ever.
/// </summary>
internal static class PageAssets
{
    private const string Prefix = "/page/";

    /// <summary>Where the table asks for its script, whatever the page says.</summary>
    private const string OfTable = "/_content/Microsoft.AspNetCore.Components.QuickGrid/";

    private static readonly FrozenDictionary<string, Asset> s_assets = new[]
    {
        Read("page.css", "text/css; charset=utf-8"),
        Read("page.js", "text/javascript; charset=utf-8"),
        Read("blazor.web.js", "text/javascript; charset=utf-8"),
        Read("QuickGrid.razor.js", "text/javascript; charset=utf-8"),
    }.ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);

    /// <summary>The address of a file, with the hash of its content.</summary>
    public static string Url(string name) => $"{Prefix}{name}?v={s_assets[name].Hash}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Prefix + "{name}", Get);
        routes.MapGet(OfTable + "{name}", Get);
    }

    private static Task Get(HttpContext http)
    {
        if (http.Request.RouteValues["name"] is not string name || !s_assets.TryGetValue(name, out var asset))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var isThis = http.Request.Query["v"] == asset.Hash;
        http.Response.Headers.CacheControl = isThis ? "public, max-age=31536000, immutable" : "no-cache";
        http.Response.ContentType = asset.ContentType;
        http.Response.ContentLength = asset.Content.Length;
        return http.Response.Body.WriteAsync(asset.Content, http.RequestAborted).AsTask();
    }

    private static Asset Read(string name, string contentType)
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return new Asset(name, contentType, content, Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 8)));
    }

    private sealed record Asset(string Name, string ContentType, byte[] Content, string Hash);
}
