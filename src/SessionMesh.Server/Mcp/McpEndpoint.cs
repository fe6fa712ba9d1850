using System.Text.Json;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Http;
using SessionMesh.Server.Mcp.Calls;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Mcp;

/// <summary>
/// <c>POST /mcp</c>: what the transport of the library leaves to its host. Reads the message within its bounds, checks whose session it is,
/// and, once the answer is on the connection, lets the call of the API behind a tool call finish.
/// </summary>
internal sealed partial class McpEndpoint(MeshMetrics metrics, ILogger<McpEndpoint> logger)
{
    private const string VersionHeader = "MCP-Protocol-Version";

    /// <summary>From this revision on the protocol has no sessions, and a session id is to be ignored. Revisions are dates.</summary>
    private const string FirstWithoutSessions = "2026-07-28";

    /// <param name="transport">The library's handler.</param>
    public async Task TakeAsync(HttpContext http, RequestDelegate transport)
    {
        http.Response.Headers[ProblemWriter.RequestIdHeader] = http.TraceIdentifier;
        var (message, refusal) = await McpMessage.ReadAsync(http);
        refusal ??= CheckSession(http, message!);
        if (refusal is not null)
        {
            await refusal.WriteAsync(http, message?.Id, metrics);
            return;
        }

        http.Features.Set(message!);
        http.Request.Body = new MemoryStream(message!.Bytes, writable: false);
        http.Request.ContentLength = message.Bytes.Length;
        http.Request.ContentType = "application/json";
        var isSent = false;
        try
        {
            await transport(http);
            isSent = !http.RequestAborted.IsCancellationRequested;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone away.
        }
        catch (JsonException) when (!http.Response.HasStarted)
        {
            // The library reads the parameters of initialize itself.
            await McpRefusal.InvalidParams($"These are not the params of {message.Method}.").WriteAsync(http, message.Id, metrics);
        }
        finally
        {
            await FinishAsync(http, isSent);
        }
    }

    /// <summary>Null if the message names no session, or one of its key. The transport keeps none, and is shown none.</summary>
    private static McpRefusal? CheckSession(HttpContext http, McpMessage message)
    {
        var key = http.GetKey();
        var given = http.Request.Headers[McpSessions.Header];
        http.Request.Headers.Remove(McpSessions.Header);
        if (string.CompareOrdinal(http.Request.Headers[VersionHeader], FirstWithoutSessions) >= 0)
        {
            return null;
        }

        if (given.Count > 0)
        {
            return given is [{ } id] && McpSessions.IsOf(key, id) ? null : McpRefusal.NoSuchSession();
        }

        if (message is { Method: "initialize", Id: not null })
        {
            http.Response.OnStarting(() => BeginSession(http, key));
        }

        return null;
    }

    private static Task BeginSession(HttpContext http, Key key)
    {
        if (http.Response.StatusCode == StatusCodes.Status200OK)
        {
            http.Response.Headers[McpSessions.Header] = McpSessions.New(key);
        }

        return Task.CompletedTask;
    }

    private async Task FinishAsync(HttpContext http, bool isSent)
    {
        if (http.Features.Get<OpenCall>() is not { } call)
        {
            return;
        }

        try
        {
            await call.FinishAsync(isSent);
        }
        catch (OperationCanceledException)
        {
            // It was told that nobody has its answer.
        }
#pragma warning disable CA1031 // The answer is sent; there is nobody left to tell.
        catch (Exception e)
#pragma warning restore CA1031
        {
            CallFailed(http.TraceIdentifier, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A call behind a tool failed after its answer, in request {RequestId}")]
    private partial void CallFailed(string requestId, Exception error);
}
