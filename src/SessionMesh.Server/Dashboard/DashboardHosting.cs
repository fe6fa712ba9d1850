using System.Net;
using SessionMesh.Dashboard;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;

namespace SessionMesh.Server.Dashboard;

/// <summary>
/// The live page in this server. It comes with no rights: whoever opens it signs in with a key, and all that it shows and does are requests
/// with that key, through this server's own pipeline.
/// </summary>
internal static class DashboardHosting
{
    /// <summary>
    /// What the page may load: files of this server. Style attributes are allowed, since a long table sets the height of what it leaves out
    /// by one; nothing from agents ever becomes one. Nothing may frame the page, and it sends no forms.
    /// </summary>
    internal const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self'; "
        + "base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

    public static void AddDashboard(this WebApplicationBuilder builder, ServerOptions options)
    {
        if (options.Postgres is not null)
        {
            // Before any service that reads it.
            builder.Services.AddHostedService<PageSecret>();
        }

        builder.Services.AddMeshDashboard(AddressBuckets.Network, new PageNodes { AreMany = options.Postgres is not null });
        builder.Services.AddSingleton<OwnPipeline>();
        builder.Services.AddSingleton<IMeshDoor, OwnDoor>();
        builder.Services.AddSingleton(services => new PageTime(services.GetRequiredService<MeshClock>().Time));

        // It warns that keys in memory are not encrypted. They sign what is in a page, and are gone with the process.
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
    }

    public static void MapDashboard(this IEndpointRouteBuilder routes) =>
        routes.MapMeshDashboard().WithMetadata(Anonymous.Instance).ExcludeFromDescription();

    public static Task WritePageAsync(HttpContext http)
    {
        http.Response.Headers.ContentSecurityPolicy = PagePolicy;
        http.Response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        http.Response.Headers.CacheControl = "no-store";
        return DashboardRoutes.Page().ExecuteAsync(http);
    }

    private sealed class OwnDoor(OwnPipeline pipeline) : IMeshDoor
    {
        public HttpMessageHandler Open(IPAddress? remote) => new InProcessHandler(pipeline, remote);
    }
}
