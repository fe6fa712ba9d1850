namespace SessionMesh.Core.Audit;

/// <summary>Actors that are not keys.</summary>
public static class Actors
{
    /// <summary>The server itself: lapsed leases, deadlines, the first key.</summary>
    public const string Mesh = "mesh";
}
