using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Events;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Discovery;

internal static class DiscoveryRoutes
{
    private const string Tag = "Agents";

    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);
    private static readonly RequiredScope s_readOrSelf = new(ScopeSet.MeshRead, ScopeSet.AgentSelf);

    public static IServiceCollection AddDiscovery(this IServiceCollection services) => services.AddSingleton<AgentLists>();

    public static void MapDiscovery(this IEndpointRouteBuilder routes)
    {
        var lists = routes.ServiceProvider.GetRequiredService<AgentLists>();

        routes.MapGet(Routes.Alive, lists.Alive)
            .Describe(lists.Alive, "listAlive", Tag, s_read, "The sessions that are alive",
                "Filtered and paged; `filter=active` is the same as `alive`.")
            .Lists().Answers<AgentPage>();
        routes.MapGet(Routes.Agents, lists.All)
            .Describe(lists.All, "listAgents", Tag, s_read, "The agents that are known, whatever their status")
            .Lists().Answers<AgentPage>();
        routes.MapGet(Routes.Agents + "/{id}", lists.Get)
            .Describe(lists.Get, "getAgent", Tag, s_readOrSelf, "One agent, with its evidence of life")
            .WithQuery("events", $"Adds `events`: the newest so many about it, up to {EventReader.Most}, oldest first, as on `/events`; "
                + $"of the last {EventReader.MostScanned:N0} changes of the log. Null for a key without `mesh:read`.")
            .Answers<AgentDetail>(404);
    }

    private static RouteHandlerBuilder Lists(this RouteHandlerBuilder route) =>
        route.WithWord("filter", AliveFilter.Allowed, $"One of: {string.Join(", ", AliveFilter.Allowed)}.")
            .WithQuery("specialization", "Only agents that have it.")
            .WithQuery("cluster", "Only agents of this cluster.")
            .WithQuery("label", "Only agents that have these labels: `env=prod,tier=free`.")
            .WithQuery("subtree", "Only this agent and all below it.")
            .WithWord("kind", SessionKind.Allowed, $"One of: {string.Join(", ", SessionKind.Allowed)}; agent by default.")
            .WithQuery("fields", "Members of a row to show, separated by commas; all by default.")
            .WithQuery("limit", "Rows a page, 1 to 1000; 100 by default.")
            .WithQuery("cursor", "`next_cursor` of the page before.")
            .WithFlag("total", "`true` adds `total`: how many rows all pages have.");
}
