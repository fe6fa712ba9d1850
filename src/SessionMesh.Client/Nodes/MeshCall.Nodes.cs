using SessionMesh.Contracts;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    /// <summary>The servers that run on the mesh.</summary>
    public static MeshCall Nodes() => Get(Routes.Nodes);
}
