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
    private static readonly RequiredScope s_admin = new(ScopeSet.Admin);

    public static IServiceCollection AddNodes(this IServiceCollection services) => services
        .AddSingleton<IMeshNodes, OneNode>()
        .AddSingleton<NodeEndpoints>()
        .AddSingleton<DigestEndpoint>();

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
        var digest = routes.ServiceProvider.GetRequiredService<DigestEndpoint>();
        routes.MapGet(Routes.Nodes, nodes.List)
            .Describe(nodes.List, "listNodes", Tag, s_read, "The servers that run on this mesh",
                "On SQLite it is one. `judge` decides what time brings about; `lag` is how many revisions a node is behind the newest that "
                + "any has; `agents` are those alive that it hears itself. `agents` and `streams` are null for a key that is limited to "
                + "some agents.")
            .Answers<NodeList>();
        routes.MapGet(Routes.AdminDigest, digest.Get)
            .Describe(digest.Get, "getDigest", Tag, s_admin, "A hash of all that is durable in this node's memory",
                "Nodes of one version that stand at the same revision have the same; so has a server after a restart. One at a time (429 "
                + "`busy`). For a million agents all commands wait 40 ms for it.")
            .WithQuery("revision",
                "The answer is for exactly that revision, or an error: 503 `behind` if the node has not reached it within 2 s, 409 "
                + "`revision_passed` if it is past it, because earlier states are not kept. The current one by default.")
            .Answers<MeshDigest>(200, 409, 503);
    }
}
