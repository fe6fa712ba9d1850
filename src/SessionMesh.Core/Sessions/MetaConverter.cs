using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Core.Sessions;

/// <summary>Writes a session's metadata to the log as a JSON object, not as a string that contains one.</summary>
internal sealed class MetaConverter : JsonConverter<Meta>
{
    public override Meta? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return Meta.FromJson(document.RootElement.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, Meta value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8(), skipInputValidation: true);
}
