using SessionMesh.Contracts.Audit;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>One page of <c>GET /audit</c>. It may be empty and yet have a <c>next_cursor</c>.</summary>
    public Task<AuditPage> AuditAsync(AuditQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Audit(query ?? new()), ClientJson.Context.AuditPage, cancellation);
}
