using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Core.Sessions;

/// <summary>A session's metadata stands in the log as the JSON object that it is.</summary>
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
