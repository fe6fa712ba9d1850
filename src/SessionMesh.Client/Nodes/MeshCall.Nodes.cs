using SessionMesh.Client.Http;
using SessionMesh.Contracts;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    /// <summary>The servers that run on the mesh.</summary>
    public static MeshCall Nodes() => Get(Routes.Nodes);

    /// <summary>A hash of all that is durable in the memory of the node that answers.</summary>
    /// <param name="revision">At exactly this revision; null for the current one.</param>
    public static MeshCall Digest(long? revision = null) => Get(Routes.AdminDigest + new QueryText().Add("revision", revision));
}
