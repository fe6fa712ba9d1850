using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Json;

/// <summary>A session's TTL: whole seconds, or the word <c>none</c> for no end, which is <see cref="None"/> here.</summary>
public sealed class SessionTtlConverter : JsonConverter<int?>
{
    public const string NoneWord = "none";

    /// <summary>No end, in so many words.</summary>
    public const int None = 0;

    public override int? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.Number when reader.TryGetInt64(out var seconds) => seconds is >= 1 and <= int.MaxValue ? (int)seconds : -1,
        JsonTokenType.Number => -1,
        JsonTokenType.String when reader.ValueTextEquals("none"u8) => None,
        _ => throw new JsonException("expected a number of seconds, or the word \"none\""),
    };

    public override void Write(Utf8JsonWriter writer, int? value, JsonSerializerOptions options)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case None: writer.WriteStringValue(NoneWord); break;
            default: writer.WriteNumberValue(value.Value); break;
        }
    }
}
