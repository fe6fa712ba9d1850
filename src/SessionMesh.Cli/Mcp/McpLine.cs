using System.Text.Json;

namespace SessionMesh.Cli.Mcp;

/// <summary>A JSON-RPC message of the client, a line of its output. Immutable.</summary>
internal sealed record McpLine
{
    public const string Initialize = "initialize";
    public const string Cancelled = "notifications/cancelled";

    private const string VersionMember = "io.modelcontextprotocol/protocolVersion";

    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>The id of a request, as JSON; null for what is not to be answered.</summary>
    public string? RequestId { get; init; }

    public string? Method { get; init; }

    /// <summary>What the method is about: a tool's name. Null where it names nothing.</summary>
    public string? Name { get; init; }

    /// <summary>The revision of the protocol that the message names itself; null where it was agreed before.</summary>
    public string? Version { get; init; }

    /// <summary>The id of the request that a cancellation is about, as JSON.</summary>
    public string? CancelledId { get; init; }

    /// <summary>Reads a line; null for what is no JSON object, which is not worth sending.</summary>
    public static McpLine? Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            var method = Text(json, "method");
            var parameters = Member(json, "params");
            return new McpLine
            {
                Bytes = bytes,
                Method = method,
                RequestId = method is null ? null : IdOf(json, "id"),
                Name = Text(parameters, "name"),
                Version = Text(Member(parameters, "_meta"), VersionMember),
                CancelledId = method == Cancelled ? IdOf(parameters, "requestId") : null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var found) ? found : default;

    private static string? Text(JsonElement json, string name)
    {
        var member = Member(json, name);
        try
        {
            return member.ValueKind == JsonValueKind.String ? member.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half of a surrogate pair: the server says so
        }
    }

    private static string? IdOf(JsonElement json, string name) =>
        Member(json, name) is { ValueKind: JsonValueKind.String or JsonValueKind.Number } id ? id.GetRawText() : null;
}
