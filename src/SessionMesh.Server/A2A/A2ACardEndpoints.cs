using Microsoft.Net.Http.Headers;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.A2A;

/// <summary>Shows the cards, and refuses what none of them offers.</summary>
internal sealed class A2ACardEndpoints(A2ATasks tasks, ProblemWriter problems)
{
    /// <summary>Seconds for which a card may be kept: the mesh's changes with its version, an agent's with what it declares.</summary>
    private const int MeshAge = 3600;
    private const int AgentAge = 60;

    public static Task Mesh(HttpContext http) => WriteAsync(http, A2ACards.OfMesh(OriginOf(http)), $"public, max-age={MeshAge}");

    public Task Agent(HttpContext http)
    {
        var found = tasks.FindAgent(http, ScopeSet.MeshRead);
        return found.Succeeded
            ? WriteAsync(http, A2ACards.Of(OriginOf(http), found.Value.Agent), $"private, max-age={AgentAge}")
            : problems.WriteAsync(http, found.Error);
    }

    public Task RefuseExtended(HttpContext http) => problems.WriteAsync(http, A2AErrors.UnsupportedOperation(
        "There is no extended card: the card that is shown with a key is the whole one."));

    public Task RefusePush(HttpContext http) => problems.WriteAsync(http, A2AErrors.PushNotificationNotSupported());

    public Task RefuseMesh(HttpContext http) => problems.WriteAsync(http, A2AErrors.UnsupportedOperation(
        $"The mesh takes no messages and has no tasks. Speak to one of its agents, under {Contracts.Routes.A2A("{agent_id}")}."));

    private static async Task WriteAsync(HttpContext http, byte[] card, string cacheControl)
    {
        var (response, tag) = (http.Response, A2ACards.ETag(card));
        response.Headers.CacheControl = cacheControl;
        response.Headers.ETag = tag;
        if (HasAlready(http, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = A2ACards.ContentType;
        response.ContentLength = card.Length;
        await response.BodyWriter.WriteAsync(card);
    }

    /// <summary>As the server sees it: behind a proxy that ends TLS, the scheme is that of the connection to the server.</summary>
    private static string OriginOf(HttpContext http) => $"{http.Request.Scheme}://{http.Request.Host}";

    /// <summary>Whether the caller has this card: it names its tag, strong or weak, in a list or alone, or takes any (<c>*</c>).</summary>
    private static bool HasAlready(HttpContext http, string tag) =>
        http.Request.GetTypedHeaders().IfNoneMatch is { } known
        && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(new EntityTagHeaderValue(tag), useStrongComparison: false));
}
