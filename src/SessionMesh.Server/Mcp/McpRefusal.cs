using System.Text.Json;
using ModelContextProtocol;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Mcp;

/// <summary>Why a message is not handed on: an HTTP status with a JSON-RPC error in its body.</summary>
/// <param name="Code">Of <see cref="ErrorCodes"/>, for the metrics.</param>
internal sealed record McpRefusal(int Status, int JsonRpcCode, string Code, string Message)
{
    /// <summary>What the official libraries say for it; the specification leaves the code open.</summary>
    private const int SessionNotFound = -32001;

    public static McpRefusal TooLarge() => new(
        StatusCodes.Status413PayloadTooLarge, (int)McpErrorCode.InvalidRequest, ErrorCodes.BodyTooLarge,
        $"A message has at most {Limits.McpBytes / 1024} KiB. Send less in one call.");

    public static McpRefusal Unreadable(string why) =>
        new(StatusCodes.Status400BadRequest, (int)McpErrorCode.ParseError, ErrorCodes.InvalidJson, why);

    public static McpRefusal Invalid(string why) =>
        new(StatusCodes.Status400BadRequest, (int)McpErrorCode.InvalidRequest, ErrorCodes.InvalidRequest, why);

    public static McpRefusal InvalidParams(string why) =>
        new(StatusCodes.Status400BadRequest, (int)McpErrorCode.InvalidParams, ErrorCodes.InvalidRequest, why);

    /// <summary>The same for a session that never was and for that of another key.</summary>
    public static McpRefusal NoSuchSession() => new(
        StatusCodes.Status404NotFound, SessionNotFound, ErrorCodes.SessionNotFound,
        "This key has no such session. Send initialize without Mcp-Session-Id to begin one.");

    /// <param name="id">Of the message; null where it has none, or could not be read.</param>
    public async Task WriteAsync(HttpContext http, JsonElement? id, MeshMetrics metrics)
    {
        metrics.Refused(Code);
        var body = new MemoryStream();
        await using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc", "2.0");
            json.WritePropertyName("id");
            if (id is { } value)
            {
                value.WriteTo(json);
            }
            else
            {
                json.WriteNullValue();
            }

            json.WriteStartObject("error");
            json.WriteNumber("code", JsonRpcCode);
            json.WriteString("message", Message);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        http.Response.StatusCode = Status;
        http.Response.Headers.Remove("Content-Encoding"); // set where a stream was to come
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
    }
}
