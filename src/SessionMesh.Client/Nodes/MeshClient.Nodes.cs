using SessionMesh.Contracts.Nodes;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>The servers that run on the mesh, by their ids.</summary>
    public async Task<IReadOnlyList<NodeRow>> NodesAsync(CancellationToken cancellation = default) =>
        (await SendAsync(MeshCall.Nodes(), ClientJson.Context.NodeList, cancellation)).Nodes;

    /// <summary>A hash of all that is durable in the memory of the node that answers; <c>admin</c> alone.</summary>
    /// <param name="revision">At exactly this revision; null for the current one.</param>
    public Task<MeshDigest> DigestAsync(long? revision = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Digest(revision), ClientJson.Context.MeshDigest, cancellation);
}
