using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Core.Json;

/// <summary>Wall milliseconds as an ISO 8601 UTC time in the log, where people and other programs read them; 0 is null.</summary>
internal sealed class WallTimeConverter : JsonConverter<long>
{
    public override bool HandleNull => true;

    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? 0 : reader.GetDateTimeOffset().ToUnixTimeMilliseconds();

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options)
    {
        if (value == 0)
        {
            writer.WriteNullValue();
            return;
        }

        Span<byte> text = stackalloc byte[24];
        DateTimeOffset.FromUnixTimeMilliseconds(value).TryFormat(
            text, out var length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
