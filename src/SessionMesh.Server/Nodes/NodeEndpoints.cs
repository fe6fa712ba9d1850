using SessionMesh.Contracts;
using SessionMesh.Contracts.Nodes;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Nodes;

/// <summary><c>GET /nodes</c>: the servers that run on this mesh. How many agents each has is for those who may list them all.</summary>
public sealed class NodeEndpoints(IMeshNodes nodes, ProblemWriter problems)
{
    public async Task List(HttpContext http)
    {
        var check = new Check();
        Query.Read(http, ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var all = nodes.List();
        var newest = all.Max(node => node.Revision);
        var seesAll = http.GetKey().Reach is null;
        await Answers.WriteAsync(http, new NodeList
        {
            Nodes = [.. all.OrderBy(node => node.Id, StringComparer.Ordinal).Select(node => new NodeRow
            {
                NodeId = node.Id,
                Version = node.Version,
                Judge = node.IsJudge,
                Revision = node.Revision,
                Lag = newest - node.Revision,
                Agents = seesAll ? node.Agents : null,
                Streams = seesAll ? node.Streams : null,
                SeenAt = DateTimeOffset.FromUnixTimeMilliseconds(node.SeenAt),
            })],
        }, MeshJson.Default.NodeList);
    }
}
