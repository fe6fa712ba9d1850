using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;

namespace SessionMesh.Server.Mcp.Arguments;

/// <summary>The schemas of a tool.</summary>
internal static class ToolSchema
{
    private static readonly JsonSchemaExporterOptions s_options = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Describe,
    };

    /// <summary>Of an answer, from the type that it has in the API. Members may be added to it: none are excluded.</summary>
    public static JsonElement OfAnswer(JsonTypeInfo type) => JsonSerializer.SerializeToElement(type.GetJsonSchemaAsNode(s_options));

    /// <summary>An object with these members and no others.</summary>
    public static JsonObject OfArguments(IReadOnlyList<ToolArgument> members)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(members.Select(one =>
                KeyValuePair.Create<string, JsonNode?>(one.Name, one.Schema.DeepClone()))),
            ["additionalProperties"] = false,
        };
        if (members.Any(one => one.IsRequired))
        {
            schema["required"] = Words([.. members.Where(one => one.IsRequired).Select(one => one.Name)]);
        }

        return schema;
    }

    public static JsonArray Words(IReadOnlyList<string> words) => [.. words.Select(word => JsonValue.Create(word))];

    /// <summary>
    /// A type with a converter of its own has no schema: a time is a string. "Anything" is an object, which every client reads.
    /// </summary>
    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (context.TypeInfo.Type == typeof(DateTimeOffset))
        {
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        }

        if (context.TypeInfo.Type == typeof(DateTimeOffset?))
        {
            return new JsonObject { ["type"] = new JsonArray("string", "null"), ["format"] = "date-time" };
        }

        return schema.GetValueKind() == JsonValueKind.True ? new JsonObject() : schema;
    }
}
