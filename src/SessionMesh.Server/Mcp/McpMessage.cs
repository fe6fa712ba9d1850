using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Contracts;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Mcp;

/// <summary>A JSON-RPC message as it came, a feature of its request. Immutable.</summary>
internal sealed class McpMessage
{
    /// <summary>Nesting of a message: a call of a tool is three deep where its arguments begin, which are the body of a request.</summary>
    private const int Depth = Limits.JsonDepth + 3;

    private McpMessage(byte[] bytes, JsonElement json) => (Bytes, Json) = (bytes, json);

    public byte[] Bytes { get; }

    /// <summary>An object.</summary>
    public JsonElement Json { get; }

    public string? Method => Json.TryGetProperty("method", out var method) && method.ValueKind == JsonValueKind.String
        ? method.GetString()
        : null;

    /// <summary>The id that an answer repeats; null for a notification, or what is no id.</summary>
    public JsonElement? Id =>
        Json.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String or JsonValueKind.Number ? id : null;

    /// <summary>
    /// Why the params are not those of a request for tools; null where they are, or another method has to say. The library would only say
    /// that an error occurred.
    /// </summary>
    public string? ParamsError
    {
        get
        {
            if (Method is not ("tools/call" or "tools/list") || !Json.TryGetProperty("params", out var parameters))
            {
                return Method == "tools/call" ? "params: is missing." : null;
            }

            return parameters.ValueKind != JsonValueKind.Object ? "params: expected an object."
                : Method == "tools/call" && !IsText(parameters, "name") ? "params/name: expected a string."
                : Method == "tools/list" && parameters.TryGetProperty("cursor", out _) && !IsText(parameters, "cursor")
                    ? "params/cursor: expected a string."
                : parameters.TryGetProperty("_meta", out var meta) && meta.ValueKind != JsonValueKind.Object
                    ? "params/_meta: expected an object."
                : null;
        }
    }

    /// <summary>
    /// The message for the library. It is not shown arguments that are no object, which it takes for its own failure: the tool refuses
    /// them.
    /// </summary>
    public byte[] ForTransport => Method == "tools/call" && Arguments.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined)
        ? WithoutArguments()
        : Bytes;

    /// <summary>
    /// The arguments of a tool call as they stand in the message, members that are given twice included; undefined for none.
    /// </summary>
    public JsonElement Arguments =>
        Json.TryGetProperty("params", out var parameters) && parameters.ValueKind == JsonValueKind.Object
            && parameters.TryGetProperty("arguments", out var arguments)
            ? arguments
            : default;

    private static bool IsText(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String;

    private byte[] WithoutArguments()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var member in Json.EnumerateObject().Where(member => member.Name != "params"))
            {
                member.WriteTo(json);
            }

            json.WriteStartObject("params");
            foreach (var member in Json.GetProperty("params").EnumerateObject().Where(member => member.Name != "arguments"))
            {
                member.WriteTo(json);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads the body of a request. An error is the JSON-RPC code to answer with, and why.</summary>
    public static async Task<(McpMessage? Message, McpRefusal? Refusal)> ReadAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = Limits.McpBytes * 2L; // includes the framing of chunks
        }

        using var body = new Utf8Buffer(4096);
        try
        {
            int read;
            http.RunOnce();
            while ((read = await http.Request.Body.ReadAsync(body.GetMemory(16 * 1024), http.RequestAborted)) > 0)
            {
                body.Advance(read);
                if (body.Length > Limits.McpBytes)
                {
                    return (null, McpRefusal.TooLarge());
                }
            }
        }
        catch (BadHttpRequestException e)
        {
            return (null, e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? McpRefusal.TooLarge()
                : McpRefusal.Unreadable("The body could not be read to its end."));
        }

        return Parse(body.Written.ToArray());
    }

    private static (McpMessage? Message, McpRefusal? Refusal) Parse(byte[] bytes)
    {
        if ((BodyText.CheckEncoding(bytes) ?? BodyText.CheckSurrogates(bytes)) is { } noText)
        {
            return (null, McpRefusal.Unreadable(noText.Detail));
        }

        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = Depth });
            var json = JsonElement.ParseValue(ref reader);
            return reader.Read() ? (null, McpRefusal.Unreadable("There is something after the message."))
                : json.ValueKind == JsonValueKind.Object ? (new McpMessage(bytes, json), null)
                : (null, McpRefusal.Invalid("Send one JSON-RPC message, an object, in each request."));
        }
        catch (JsonException e)
        {
            return (null, McpRefusal.Unreadable(
                $"The body is not valid JSON, or nested deeper than {Depth}: "
                + $"see line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}."));
        }
    }
}
