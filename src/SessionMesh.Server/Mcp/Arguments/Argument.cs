using System.Text.Json.Nodes;
using SessionMesh.Contracts;

namespace SessionMesh.Server.Mcp.Arguments;

/// <summary>
/// Makes arguments of each form. Their schemas keep to what every client's dialect of JSON Schema has: no unions of types, no references.
/// </summary>
internal static class Argument
{
    /// <summary>The rule of <see cref="MeshId"/> as a pattern.</summary>
    private const string IdPattern = "^[A-Za-z0-9][A-Za-z0-9._:-]*$";

    /// <summary>For a call that is not idempotent by itself.</summary>
    public static readonly ToolArgument SameCall = Text(
        "idempotency_key", Limits.IdempotencyKeyLength,
        "A text of your own for this call: the same call with it again is not done twice, and gets the first answer.")
        .InHeader("Idempotency-Key");

    public static ToolArgument Id(string name, string description) => new(name, ArgumentForm.Id, new JsonObject
    {
        ["type"] = "string",
        ["description"] = description,
        ["maxLength"] = MeshId.MaxLength,
        ["pattern"] = IdPattern,
    });

    public static ToolArgument Text(string name, int most, string description) => new(name, ArgumentForm.Text, new JsonObject
    {
        ["type"] = "string",
        ["description"] = description,
        ["maxLength"] = most,
    });

    /// <summary>One of a few words.</summary>
    public static ToolArgument Word(string name, IReadOnlyList<string> words, string description) =>
        new(name, ArgumentForm.Text, new JsonObject
        {
            ["type"] = "string",
            ["description"] = description,
            ["enum"] = ToolSchema.Words(words),
        });

    public static ToolArgument Whole(string name, long low, long high, string description) => new(name, ArgumentForm.Whole, new JsonObject
    {
        ["type"] = "integer",
        ["description"] = description,
        ["minimum"] = low,
        ["maximum"] = high,
    });

    public static ToolArgument Number(string name, string description) =>
        new(name, ArgumentForm.Number, new JsonObject { ["type"] = "number", ["description"] = description });

    public static ToolArgument Flag(string name, string description) =>
        new(name, ArgumentForm.Flag, new JsonObject { ["type"] = "boolean", ["description"] = description });

    /// <param name="words">The words that an item may be; null for any text.</param>
    public static ToolArgument Texts(string name, string description, IReadOnlyList<string>? words = null)
    {
        var item = new JsonObject { ["type"] = "string" };
        if (words is not null)
        {
            item["enum"] = ToolSchema.Words(words);
        }

        return new(name, ArgumentForm.Texts, new JsonObject { ["type"] = "array", ["description"] = description, ["items"] = item });
    }

    /// <summary>Text by name.</summary>
    public static ToolArgument Map(string name, string description) => new(name, ArgumentForm.Map, new JsonObject
    {
        ["type"] = "object",
        ["description"] = description,
        ["additionalProperties"] = new JsonObject { ["type"] = "string" },
    });

    /// <summary>Any JSON object.</summary>
    public static ToolArgument Object(string name, string description) =>
        new(name, ArgumentForm.Object, new JsonObject { ["type"] = "object", ["description"] = description });

    /// <summary>An array of objects with these members.</summary>
    public static ToolArgument Objects(string name, string description, params IReadOnlyList<ToolArgument> members) =>
        new(name, ArgumentForm.Array, new JsonObject
        {
            ["type"] = "array",
            ["description"] = description,
            ["items"] = ToolSchema.OfArguments(members),
        });
}
