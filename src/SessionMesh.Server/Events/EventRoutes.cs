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

    public static IServiceCollection AddEvents(this IServiceCollection services) => services
        .AddSingleton<EventReader>()
        .AddSingleton<EventEndpoints>();

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes.ServiceProvider.GetRequiredService<EventEndpoints>();
        routes.MapGet(Routes.Events, events.Follow)
            .Describe(events.Follow, "followEvents", "Events", s_read, "The log, as a stream of server-sent events",
                "Resumes at `Last-Event-ID`, after `after` or at `since`; without any of them it begins now. `X-Mesh-Revision` is the "
                + "revision after which it begins. "
                + "What is filtered out is not sent; that a part of the log is kept no longer is told all the same.")
            .WithQuery("after", "Begin after this revision; 0 for everything.")
            .WithQuery("since", "Begin with what happened from this time on, ISO 8601.")
            .WithQuery("kind", "Only these kinds, separated by commas; what ends with `.` or `*` is what they begin with.")
            .WithQuery("subject", "Only what happened to these agents or keys, separated by commas.")
            .Produces<MeshEvent>(200, Sse.ContentType).Holds();
    }
}
