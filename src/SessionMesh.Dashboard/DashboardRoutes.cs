using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Dashboard.Layout;

namespace SessionMesh.Dashboard;

/// <summary>Maps what the page consists of; the host adds what it wants of rights and limits.</summary>
public static class DashboardRoutes
{
    /// <summary>The page's hub and its files. The page itself is <see cref="Page"/>, wherever the host puts it.</summary>
    public static IEndpointConventionBuilder MapMeshDashboard(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("");
        PageAssets.Map(group);
        group.MapBlazorHub(hub => hub.Transports = HttpTransportType.WebSockets | HttpTransportType.LongPolling);
        return group;
    }

    /// <summary>The page, the same for everybody: it shows nothing of the mesh before somebody signs in.</summary>
    public static IResult Page() => new RazorComponentResult<App> { PreventStreamingRendering = true };
}
