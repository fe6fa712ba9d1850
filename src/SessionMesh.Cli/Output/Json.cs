using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Cli.Output;

/// <summary>JSON text as this tool prints it: readable letters stay letters.</summary>
internal static class Json
{
    /// <summary>For a document that is written piece by piece.</summary>
    public static readonly JsonWriterOptions IndentedOptions = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An object made here, member by member.</summary>
    public static JsonElement Build(Action<Utf8JsonWriter> members)
    {
        var bytes = ToBytes(s_compact, json =>
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        });
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    /// <summary>A text as a value.</summary>
    public static JsonElement Value(string text) => JsonSerializer.SerializeToElement(text, OutputJson.Default.String);

    /// <summary>A member's <c>true</c>; false where it is anything else or absent.</summary>
    public static bool IsTrue(JsonElement value, string member) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(member, out var found) && found.ValueKind == JsonValueKind.True;

    public static string Indented(JsonElement value) => Encoding.UTF8.GetString(ToBytes(IndentedOptions, value.WriteTo).Span);

    public static string Compact(JsonElement value) => Encoding.UTF8.GetString(ToBytes(s_compact, value.WriteTo).Span);

    /// <summary>The object with only these members, in this order; absent ones are null.</summary>
    public static JsonElement Select(JsonElement value, IReadOnlyList<string> members) => Build(json =>
    {
        foreach (var member in members)
        {
            json.WritePropertyName(member);
            if (value.TryGetProperty(member, out var found))
            {
                found.WriteTo(json);
            }
            else
            {
                json.WriteNullValue();
            }
        }
    });

    /// <summary>The object with the items of one member replaced, everything else as it was.</summary>
    public static JsonElement Replace(JsonElement value, string member, IEnumerable<JsonElement> items) => Replace(value, member, json =>
    {
        json.WriteStartArray();
        foreach (var item in items)
        {
            item.WriteTo(json);
        }

        json.WriteEndArray();
    });

    /// <summary>The object with one member replaced, everything else as it was.</summary>
    public static JsonElement Replace(JsonElement value, string member, JsonElement replacement) =>
        Replace(value, member, replacement.WriteTo);

    /// <summary>The object without one member.</summary>
    public static JsonElement Without(JsonElement value, string member) => Build(json =>
    {
        foreach (var property in value.EnumerateObject().Where(property => property.Name != member))
        {
            property.WriteTo(json);
        }
    });

    /// <summary>A member's text, or null where it is absent, null or no string.</summary>
    public static string? Text(JsonElement value, string member) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(member, out var found) && found.ValueKind == JsonValueKind.String
            ? found.GetString()
            : null;

    private static JsonElement Replace(JsonElement value, string member, Action<Utf8JsonWriter> replacement) => Build(json =>
    {
        foreach (var property in value.EnumerateObject())
        {
            if (property.Name != member)
            {
                property.WriteTo(json);
                continue;
            }

            json.WritePropertyName(member);
            replacement(json);
        }
    });

    private static ReadOnlyMemory<byte> ToBytes(JsonWriterOptions options, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, options);
        write(json);
        json.Flush();
        return buffer.WrittenMemory;
    }
}

/// <summary>Types that output needs and the wire does not have.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class OutputJson : JsonSerializerContext;
