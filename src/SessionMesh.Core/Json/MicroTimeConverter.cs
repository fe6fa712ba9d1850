using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Core.Json;

/// <summary>UTC microseconds as an ISO 8601 time with six decimals; 0 is null.</summary>
internal sealed class MicroTimeConverter : JsonConverter<long>
{
    public override bool HandleNull => true;

    public override long Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null
            ? 0
            : (reader.GetDateTimeOffset().UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public override void Write(Utf8JsonWriter writer, long value, JsonSerializerOptions options)
    {
        if (value == 0)
        {
            writer.WriteNullValue();
            return;
        }

        Span<byte> text = stackalloc byte[27];
        DateTime.UnixEpoch.AddTicks(value * TimeSpan.TicksPerMicrosecond).TryFormat(
            text, out var length, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
