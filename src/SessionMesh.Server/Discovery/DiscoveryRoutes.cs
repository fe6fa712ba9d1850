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

    public static IServiceCollection AddDiscovery(this IServiceCollection services) => services
        .AddSingleton<AgentLists>()
        .AddSingleton<AgentDetails>()
        .AddSingleton<TopologyEndpoint>();

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
        var details = routes.ServiceProvider.GetRequiredService<AgentDetails>();
        routes.MapGet(Routes.Agents + "/{id}", details.Get)
            .Describe(details.Get, "getAgent", Tag, s_readOrSelf, "One agent, with its evidence of life")
            .WithQuery("events", $"Adds `events`: the newest so many about it, up to {EventReader.Most}, oldest first, as on `/events`; "
                + $"of the last {EventReader.MostScanned:N0} changes of the log. Null for a key without `mesh:read`.")
            .Answers<AgentDetail>(404);
        var topology = routes.ServiceProvider.GetRequiredService<TopologyEndpoint>();
        routes.MapGet(Routes.Topology, topology.Get)
            .Describe(topology.Get, "getTopology", Tag, s_read, "Who started whom, with what is at and below each",
                "Agents that have not ended, and the dead that others live below. In an order that does not change; join them by "
                + "`parent_id`. `links` are those declared with `PUT /links` that begin at an agent of the page; with more than "
                + "10,000, the page has fewer agents.")
            .WithQuery("root", "Only this agent and all below it.")
            .WithQuery("depth", "Only so many levels below the root, or below those without a parent; all by default.")
            .WithQuery("cluster", "Only agents of this cluster; what is added up is of all.")
            .WithFlag("dead", "All of the dead, too.")
            .WithQuery("fields", "Members of a row to show, separated by commas; all by default. `subtree` is always there.")
            .WithQuery("limit", "Rows a page, 1 to 1000; 100 by default.")
            .WithQuery("cursor", "`next_cursor` of the page before, with the same parameters.")
            .Answers<Topology>(404);
    }

    private static RouteHandlerBuilder Lists(this RouteHandlerBuilder route) =>
        route.WithWord("filter", AliveFilter.Allowed, $"One of: {string.Join(", ", AliveFilter.Allowed)}.")
            .WithQuery("specialization", "Only agents that have it; given several times, that have all of them.")
            .WithQuery("any_specialization", "Only agents that have it; given several times, that have one of them.")
            .WithQuery("label", "Only agents whose labels match: `env=prod,tier!=free`. One without the label matches `!=`.")
            .WithQuery("cluster", "Only agents of this cluster.")
            .WithQuery("user", "Only agents of this user.")
            .WithQuery("parent", "Only children of this agent.")
            .WithQuery("subtree", "Only this agent and all below it.")
            .WithQuery("prefix", "Only agents whose id begins so; with `sort=id` an index knows them.")
            .WithQuery(
                "q", "Only agents that have each of these words in their id, user, cluster, direction, note, specializations or labels.")
            .WithWord("kind", SessionKind.Allowed, $"One of: {string.Join(", ", SessionKind.Allowed)}; agent by default.")
            .WithWord("sort", AliveSort.Allowed,
                $"`-` reverses; what reports none is last either way. By `id` a list of any length is in order; by the others each "
                + $"{Limits.ListLooks} agents by themselves.")
            .WithQuery("fields", "Members of a row to show, separated by commas; all by default.")
            .WithQuery("limit", "Rows a page, 1 to 1000; 100 by default. A page may have fewer, or none, and still a `next_cursor`.")
            .WithQuery("cursor", "`next_cursor` of the page before, with the same parameters.")
            .WithFlag("total", "`true` adds `total`: how many rows all pages have.")
            .WithQuery(
                "wait",
                "Seconds, 0 to 60: holds the answer until the log changes it. What heartbeats report is not in the log, and ends no wait.")
            .WithQuery(
                "after", "`as_of` of the answer before, to a call with the same parameters: the change is since then. Only with `wait`.");
}
