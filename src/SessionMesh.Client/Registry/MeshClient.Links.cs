using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>One page of <c>GET /links</c>, oldest first.</summary>
    public Task<LinkPage> LinksAsync(LinkQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Links(query), ClientJson.Context.LinkPage, cancellation);

    /// <summary><c>PUT /links</c>: declares a link between two agents, or gives it another weight.</summary>
    public Task<LinkRow> PutLinkAsync(LinkRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.PutLink(request), ClientJson.Context.LinkRow, cancellation);

    /// <summary><c>DELETE /links</c>; 404 <c>link_not_found</c> where there is none.</summary>
    /// <param name="kind">The server's default where it is null.</param>
    public Task<LinkRow> RemoveLinkAsync(string from, string to, string? kind = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RemoveLink(from, to, kind), ClientJson.Context.LinkRow, cancellation);
}
