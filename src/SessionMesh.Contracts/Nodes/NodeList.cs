namespace SessionMesh.Contracts.Nodes;

/// <summary>Answer of <c>GET /nodes</c>: the servers that run on the mesh, by their ids.</summary>
public sealed record NodeList
{
    public required IReadOnlyList<NodeRow> Nodes { get; init; }
}
