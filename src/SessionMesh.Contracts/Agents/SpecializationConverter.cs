using System.Text.Json;
using System.Text.Json.Serialization;

namespace SessionMesh.Contracts.Agents;

/// <summary>
/// A specialization as its name alone, or as an object with what is known of it. By hand, because one that is known by its name alone is
/// also written so.
/// </summary>
public sealed class SpecializationConverter : JsonConverter<SpecializationRequest>
{
    private const string Form = "is a name, or an object with: name, version, level, capacity";

    public override SpecializationRequest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return new SpecializationRequest { Name = reader.GetString() };
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException(Form);
        }

        var read = new SpecializationRequest();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var member = reader.GetString()!;
            if (!seen.Add(member))
            {
                throw new JsonException("has a member twice");
            }

            reader.Read();
            read = member switch
            {
                "name" => read with { Name = Text(ref reader, member) },
                "version" => read with { Version = Text(ref reader, member) },
                "level" => read with { Level = Number(ref reader, member) },
                "capacity" => read with { Capacity = Number(ref reader, member) },
                _ => throw new JsonException(Form),
            };
        }

        return read;
    }

    public override void Write(Utf8JsonWriter writer, SpecializationRequest value, JsonSerializerOptions options)
    {
        if (value is { Version: null, Level: null, Capacity: null })
        {
            writer.WriteStringValue(value.Name);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("name", value.Name);
        if (value.Version is { } version)
        {
            writer.WriteString("version", version);
        }

        if (value.Level is { } level)
        {
            writer.WriteNumber("level", level);
        }

        if (value.Capacity is { } capacity)
        {
            writer.WriteNumber("capacity", capacity);
        }

        writer.WriteEndObject();
    }

    private static string? Text(ref Utf8JsonReader reader, string member) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => reader.GetString(),
        _ => throw new JsonException($"its {member} is a text"),
    };

    private static int? Number(ref Utf8JsonReader reader, string member) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.Number when reader.TryGetInt32(out var number) => number,
        _ => throw new JsonException($"its {member} is a whole number"),
    };
}
