using SessionMesh.Contracts;
using SessionMesh.Contracts.Events;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Events;

internal static class EventRoutes
{
    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);

    public static IServiceCollection AddEvents(this IServiceCollection services) => services.AddSingleton<EventEndpoints>();

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes.ServiceProvider.GetRequiredService<EventEndpoints>();
        routes.MapGet(Routes.Events, events.Follow)
            .Describe(events.Follow, "followEvents", "Events", s_read, "The log, as a stream of server-sent events",
                "Resumes at `Last-Event-ID` or after `after`; without either it begins now.")
            .WithQuery("after", "Begin after this revision; 0 for everything.")
            .Produces<MeshEvent>(200, Sse.ContentType).Holds();
    }
}
