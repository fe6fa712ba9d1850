using SessionMesh.Contracts;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Http;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.A2A;

/// <summary>
/// The Agent2Agent protocol 1.0 over HTTP+JSON. Its routes are no part of the OpenAPI document: their shapes are those of its
/// specification, and a client finds them by the cards.
/// </summary>
internal static class A2ARoutes
{
    private static readonly string s_agent = Routes.A2A("{id}");
    private static readonly string s_task = s_agent + "/tasks/{task}";

    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);
    private static readonly RequiredScope s_steer = new(ScopeSet.Steer);
    private static readonly RequiredScope s_kill = new(ScopeSet.Kill);

    public static IServiceCollection AddA2A(this IServiceCollection services) => services
        .AddSingleton<A2ATaskWriter>()
        .AddSingleton<A2AHistory>()
        .AddSingleton<A2ATasks>()
        .AddSingleton<A2ACardEndpoints>()
        .AddSingleton<A2AMessageEndpoints>()
        .AddSingleton<A2ATaskEndpoints>();

    public static void MapA2A(this IEndpointRouteBuilder routes)
    {
        routes.MapCards();
        var messages = routes.ServiceProvider.GetRequiredService<A2AMessageEndpoints>();
        routes.Map(HttpMethods.Post, s_agent + "/message:send", messages.Send, "sendA2AMessage", s_steer).Changes<A2ASendRequest>();
        routes.Map(HttpMethods.Post, s_agent + "/message:stream", messages.Stream, "streamA2AMessage", s_steer)
            .Changes<A2ASendRequest>().WithMetadata(HoldsAnswers.Instance);

        var tasks = routes.ServiceProvider.GetRequiredService<A2ATaskEndpoints>();
        routes.Map(HttpMethods.Get, s_agent + "/tasks", tasks.List, "listA2ATasks", s_read);
        routes.Map(HttpMethods.Get, s_task, tasks.Get, "getA2ATask", s_read);
        routes.Map(HttpMethods.Post, s_task + ":cancel", tasks.Cancel, "cancelA2ATask", s_kill).Changes<A2ACancelRequest>();

        // The specification has it as POST in its text, and as GET in its protocol file.
        routes.Map(HttpMethods.Post, s_task + ":subscribe", tasks.Subscribe, "subscribeToA2ATask", s_read)
            .WithMetadata(HoldsAnswers.Instance);
        routes.Map(HttpMethods.Get, s_task + ":subscribe", tasks.Subscribe, "followA2ATask", s_read).WithMetadata(HoldsAnswers.Instance);
    }

    private static void MapCards(this IEndpointRouteBuilder routes)
    {
        var cards = routes.ServiceProvider.GetRequiredService<A2ACardEndpoints>();
        routes.MapGet(Routes.AgentCard, A2ACardEndpoints.Mesh).WithMetadata(Anonymous.Instance).ExcludeFromDescription();
        routes.MapGet(Routes.CardOf("{id}"), cards.Agent).WithMetadata(s_read, A2AErrors.Form).WithName("getAgentCard")
            .ExcludeFromDescription();
        routes.MapGet(s_agent + Routes.AgentCard, cards.Agent).WithMetadata(s_read, A2AErrors.Form).WithName("getA2ACard")
            .ExcludeFromDescription();
        routes.Map(HttpMethods.Get, s_agent + "/extendedAgentCard", cards.RefuseExtended, "getExtendedA2ACard", s_read);
        foreach (var method in (string[])[HttpMethods.Get, HttpMethods.Post, HttpMethods.Delete])
        {
            routes.Map(method, s_task + "/pushNotificationConfigs/{**config}", cards.RefusePush, method + "A2APush", s_read);
            routes.Map(method, Routes.MeshA2A + "/{**operation}", cards.RefuseMesh, method + "MeshA2A", s_read);
        }
    }

    private static IEndpointConventionBuilder Map(
        this IEndpointRouteBuilder routes, string method, string path, RequestDelegate handler, string name, RequiredScope scope)
    {
        var problems = routes.ServiceProvider.GetRequiredService<ProblemWriter>();
        return routes
            .MapMethods(path, [method], http => A2AErrors.CheckVersion(http) is { } error
                ? problems.WriteAsync(http, error)
                : handler(http))
            .WithMetadata(scope, A2AErrors.Form).WithName(name).ExcludeFromDescription();
    }

    /// <summary>Marks a route that changes something, and so takes an <c>Idempotency-Key</c>.</summary>
    private static IEndpointConventionBuilder Changes<TBody>(this IEndpointConventionBuilder route) =>
        route.WithMetadata(TakesIdempotencyKey.Instance, new JsonBody(typeof(TBody), Optional: true));
}
