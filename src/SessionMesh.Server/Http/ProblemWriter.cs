using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Http;

/// <summary>
/// Writes errors as problem documents (RFC 9457), or as the <see cref="AnswerForm"/> of the endpoint has them. Internal details stay in the
/// log, where the request id finds them.
/// </summary>
public sealed class ProblemWriter(MeshEngine engine, MeshMetrics metrics)
{
    /// <summary>The <c>WWW-Authenticate</c> header of a 401.</summary>
    public const string Challenge = "Bearer realm=\"session-mesh\"";
    public const string RequestIdHeader = "X-Request-Id";

    /// <summary>Called before the answer to each request that is refused with 401 or 403 is written, so that the audit keeps it.</summary>
    public Action<HttpContext, MeshError>? OnForbidden { get; set; }

    /// <summary>Writes an error.</summary>
    public Task WriteAsync(HttpContext http, MeshError error)
    {
        if (http.Features.Get<UnconfirmedAnswer>()?.TryHold(error) == true)
        {
            return Task.CompletedTask; // Confirming writes it
        }

        metrics.Refused(error.Code);
        if (error.Kind is ErrorKind.Unauthenticated or ErrorKind.Forbidden)
        {
            OnForbidden?.Invoke(http, error);
        }

        var response = http.Response;
        var form = AnswerForm.Of(http);
        response.StatusCode = form?.StatusOf(error) ?? error.HttpStatus();
        response.ContentType = form?.ContentType ?? Problem.ContentType;
        response.Headers[RequestIdHeader] = http.TraceIdentifier;
        response.Headers.CacheControl = "no-store";
        if (error.Kind == ErrorKind.Unauthenticated)
        {
            response.Headers.WWWAuthenticate = Challenge;
        }

        if (error.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var json = form?.Write(error, RequestId(http, error))
            ?? JsonSerializer.SerializeToUtf8Bytes(ToProblem(RequestId(http, error), error), ProblemJson);
        response.ContentLength = json.Length;
        return http.Request.Method == HttpMethods.Head ? Task.CompletedTask : response.Body.WriteAsync(json, 0, json.Length);
    }

    /// <summary>Makes an answer of an error that is known only after the commit.</summary>
    internal Answer ToAnswer(MeshError error)
    {
        metrics.Refused(error.Code);
        return new(error.HttpStatus(), JsonSerializer.SerializeToUtf8Bytes(ToProblem(null, error), ProblemJson));
    }

    // Null members are left out: people read problems.
    private static readonly System.Text.Json.Serialization.Metadata.JsonTypeInfo<Problem> ProblemJson =
        new MeshJson(new JsonSerializerOptions(MeshJson.Default.Options)
        {
            DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
            // Safe: problem+json is never embedded in a page.
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        }).Problem;

    /// <summary>Where callers must not tell cases apart, the bodies are identical; the header still has the id.</summary>
    private static string? RequestId(HttpContext http, MeshError error) =>
        error.Kind is ErrorKind.Unauthenticated or ErrorKind.NotFound ? null : http.TraceIdentifier;

    private Problem ToProblem(string? requestId, MeshError error)
    {
        var status = error.HttpStatus();
        return new Problem
        {
            Type = "urn:session-mesh:error:" + error.Code,
            Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
            Status = status,
            Detail = error.Detail,
            Code = error.Code,
            RequestId = requestId,
            Errors = error.Members,
            AgentStatus = error.AgentStatus,
            LastHeartbeatAt = error.Agent < 0 ? null : LastHeartbeat(error.Agent),
            KeyId = error.KeyId,
            RetryAfter = error.RetryAfter,
        };
    }

    private DateTimeOffset? LastHeartbeat(int number)
    {
        if (number >= engine.State.Slots.Count || engine.State.Slots[number] is not { } slot)
        {
            return null;
        }

        var touched = slot.TouchedAt;
        return touched == AgentSlot.Never ? null : DateTimeOffset.FromUnixTimeMilliseconds(engine.Now.WallAt(touched));
    }
}
