using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Json;

/// <summary>
/// An id where JSON's null is a value of its own, and not the same as leaving the member out: null is read as the empty text, which is no
/// id. Numbers are taken as their text, as everywhere.
/// </summary>
public sealed class IdOrNoneConverter : JsonConverter<string?>
{
    private static readonly IdTextConverter s_id = new();

    public override bool HandleNull => true;

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return "";
        }

        return s_id.Read(ref reader, typeToConvert, options) is { Length: > 0 } id
            ? id
            : throw new JsonException("expected an id, or null for none");
    }

    public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options)
    {
        if (value is { Length: > 0 })
        {
            writer.WriteStringValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
