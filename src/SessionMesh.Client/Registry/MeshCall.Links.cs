using SessionMesh.Client.Http;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    public static MeshCall Links(LinkQuery? query = null) => Get(Routes.Links + (query ?? new()).ToQueryString());

    public static MeshCall PutLink(LinkRequest request) => Write(HttpMethod.Put, Routes.Links, request, ClientJson.Context.LinkRequest);

    /// <param name="kind">The server's default where it is null.</param>
    public static MeshCall RemoveLink(string from, string to, string? kind = null) =>
        Write(HttpMethod.Delete, Routes.Links + new QueryText()
            .Add("from", CheckedId(from))
            .Add("to", CheckedId(to))
            .Add("kind", kind));
}
