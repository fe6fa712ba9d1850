using Microsoft.AspNetCore.Diagnostics;
using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>
/// How the answers of a protocol look that is not the API's own. As metadata of an endpoint it holds for all that is answered there, also
/// where the pipeline refuses the call before the endpoint sees it. Thread-safe.
/// </summary>
public abstract class AnswerForm
{
    /// <summary>Of every answer, errors included.</summary>
    public abstract string ContentType { get; }

    /// <summary>The HTTP status of an error.</summary>
    public abstract int StatusOf(MeshError error);

    /// <summary>The body of an error, in UTF-8.</summary>
    /// <param name="requestId">Null where callers must not tell cases apart.</param>
    public abstract byte[] Write(MeshError error, string? requestId);

    /// <summary>The form of the endpoint that a request is for, also after it has thrown; null for the API's own.</summary>
    public static AnswerForm? Of(HttpContext http) =>
        (http.GetEndpoint() ?? http.Features.Get<IExceptionHandlerFeature>()?.Endpoint)?.Metadata.GetMetadata<AnswerForm>();
}
