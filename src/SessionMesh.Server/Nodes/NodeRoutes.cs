using SessionMesh.Contracts;
using SessionMesh.Contracts.Nodes;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Nodes;

internal static class NodeRoutes
{
    private const string Tag = "Nodes";

    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);

    public static IServiceCollection AddNodes(this IServiceCollection services) => services
        .AddSingleton<IMeshNodes, OneNode>()
        .AddSingleton<NodeEndpoints>();

    /// <summary>Of a server on PostgreSQL, one of several.</summary>
    public static IServiceCollection AddRunningNode(this IServiceCollection services) => services
        .AddSingleton<PostgresNodes>()
        .AddSingleton<IMeshNodes>(s => s.GetRequiredService<PostgresNodes>())
        .AddSingleton<BeatRelay>()
        .AddHostedService<NodePulse>()
        .AddHostedService<NewsListener>();

    public static void MapNodes(this IEndpointRouteBuilder routes)
    {
        var nodes = routes.ServiceProvider.GetRequiredService<NodeEndpoints>();
        routes.MapGet(Routes.Nodes, nodes.List)
            .Describe(nodes.List, "listNodes", Tag, s_read, "The servers that run on this mesh",
                "On SQLite it is one. `judge` decides what time brings about; `lag` is how many revisions a node is behind the newest that "
                + "any has; `agents` are those alive that it hears itself. `agents` and `streams` are null for a key that is limited to "
                + "some agents.")
            .Answers<NodeList>();
    }
}
