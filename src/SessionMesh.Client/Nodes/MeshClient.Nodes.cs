using SessionMesh.Contracts.Nodes;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>The servers that run on the mesh, by their ids.</summary>
    public async Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancellation = default) =>
        (await SendAsync(MeshCall.Nodes(), ClientJson.Context.NodeList, cancellation)).Nodes;
}
