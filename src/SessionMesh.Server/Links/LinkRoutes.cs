using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Links;

internal static class LinkRoutes
{
    private const string Tag = "Links";

    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);
    private static readonly RequiredScope s_write = new(ScopeSet.RegistryWrite);

    public static IServiceCollection AddLinks(this IServiceCollection services) => services.AddSingleton<LinkEndpoints>();

    public static void MapLinks(this IEndpointRouteBuilder routes)
    {
        var links = routes.ServiceProvider.GetRequiredService<LinkEndpoints>();
        routes.MapGet(Routes.Links, links.List)
            .Describe(links.List, "listLinks", Tag, s_read, "Links between agents, oldest first",
                "What was declared beside who started whom. A key that is limited to some agents sees the links between those.")
            .WithQuery("agent_id", "Only those from or to this agent.").WithQuery("kind", "Only of this kind.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<LinkPage>();
        routes.MapPut(Routes.Links, links.Put)
            .Describe(links.Put, "putLink", Tag, s_write, "Declare a link between two agents",
                "Or give it another weight. Two agents have one link of a kind in each direction; it lasts until it is removed, or one of "
                + "the two is forgotten.")
            .Takes<LinkRequest>().Answers<LinkRow>(200, 201, 404).Mutates();
        routes.MapDelete(Routes.Links, links.Remove)
            .Describe(links.Remove, "removeLink", Tag, s_write, "Remove a link")
            .WithQuery("from", "The agent that it begins at.", required: true)
            .WithQuery("to", "The agent that it leads to.", required: true)
            .WithQuery("kind", $"`{LinkRequest.DefaultKind}` by default.")
            .Answers<LinkRow>(200, 404).Mutates();
    }
}
