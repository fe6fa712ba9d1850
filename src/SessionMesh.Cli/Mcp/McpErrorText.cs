using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Mcp;

/// <summary>What goes wrong between the client and the server, as a JSON-RPC error that says what to do.</summary>
/// <param name="Code">Of JSON-RPC.</param>
internal sealed record McpErrorText(int Code, string Message)
{
    private const int ParseError = -32700;

    /// <summary>The first of those that are a server's own.</summary>
    private const int ServerError = -32000;

    public static readonly McpErrorText NotJson = new(ParseError, "That line is not a JSON-RPC message: a JSON object on one line.");

    public static readonly McpErrorText TooLong = new(ParseError, "That line is longer than any message may be.");

    public static McpErrorText Unreachable(MeshException error, int attempts) => new(
        ServerError,
        $"Cannot reach {error.Url.GetLeftPart(UriPartial.Authority)} after {attempts} attempts: {error.Message}. "
        + $"Try: {NextSteps.ForUnreachable(error)}.");

    public static McpErrorText CutOff(Uri url) => new(
        ServerError,
        $"{url.GetLeftPart(UriPartial.Authority)} cut the connection before its answer was whole. What was asked may have been done: look "
        + "before you ask again.");

    public static McpErrorText Late(Uri url) =>
        new(ServerError, $"No answer from {url.GetLeftPart(UriPartial.Authority)} in time. What was asked may still be done.");

    /// <summary>An answer that refuses: a problem document, a JSON-RPC error, or a page of whatever listens there.</summary>
    public static McpErrorText Refused(int status, byte[] body, CommandContext context)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var json = document.RootElement;
            if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.Object && Json.Text(error, "message") is { } message)
            {
                return new(error.TryGetProperty("code", out var code) && code.TryGetInt32(out var number) ? number : ServerError, message);
            }

            if (JsonSerializer.Deserialize(body, ClientJson.Context.Problem) is { } problem)
            {
                return new(ServerError, OfProblem(problem, context));
            }
        }
        catch (JsonException)
        {
            // No document of ours.
        }

        return new(ServerError, $"What answers at {context.Settings.Url} is no Session Mesh server: it answered with status {status}.");
    }

    /// <summary>The whole message, on one line.</summary>
    /// <param name="id">As JSON; null where it is not known.</param>
    public string ToLine(string? id)
    {
        var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("jsonrpc", "2.0");
            json.WritePropertyName("id");
            json.WriteRawValue(id ?? "null");
            json.WriteStartObject("error");
            json.WriteNumber("code", Code);
            json.WriteString("message", Secrets.Redact(Message));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(body.GetBuffer().AsSpan(0, (int)body.Length));
    }

    private static string OfProblem(Problem problem, CommandContext context)
    {
        var why = problem.Code is ErrorCodes.NotFound or ErrorCodes.MethodNotAllowed
            ? "the server is of a version without MCP"
            : Errors.WhyOf(problem, context);
        return NextSteps.For(problem, context) is { } next ? $"{why.TrimEnd('.')}. Try: {next}." : why;
    }
}
