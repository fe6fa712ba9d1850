using SessionMesh.Contracts.Admin;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>Which server this is, and how it stands.</summary>
    /// <param name="withHour">Whether to add what happened in each of the last sixty minutes.</param>
    public Task<ServerStatus> StatusAsync(bool withHour = false, CancellationToken cancellation = default) =>
        SendAsync(withHour ? MeshCall.StatusWithHour() : MeshCall.Status(), ClientJson.Context.ServerStatus, cancellation);
}
