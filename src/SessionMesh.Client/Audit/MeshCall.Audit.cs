using SessionMesh.Contracts;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    /// <summary>Who did what and from where, newest first.</summary>
    public static MeshCall Audit(AuditQuery query) => Get(Routes.Audit + query.ToQueryString());
}
