namespace SessionMesh.Contracts.Nodes;

/// <summary>
/// Answer of <c>GET /admin/digest</c>: a hash of all that is durable in a node's memory. Nodes of one version that stand at the same
/// revision have the same.
/// </summary>
public sealed record MeshDigest
{
    public required long Revision { get; init; }

    /// <summary>SHA-256, 64 lower-case hexadecimal digits.</summary>
    public required string Digest { get; init; }
}
