using System.Buffers;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Mcp.Calls;
using SessionMesh.Server.Mcp.Tools;

namespace SessionMesh.Server.Mcp.Arguments;

/// <summary>
/// Makes a call of the API from the arguments of a tool call. It checks what JSON alone says: which arguments there are, and their form.
/// What they mean, the API checks.
/// </summary>
internal static class ArgumentReader
{
    /// <summary>The call; null if <paramref name="errors"/> has something.</summary>
    /// <param name="arguments">Undefined for none.</param>
    public static ApiCall? Read(MeshTool tool, JsonElement arguments, Key key, List<MemberError> errors)
    {
        if (arguments.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null))
        {
            errors.Add(new MemberError { Pointer = "arguments", Message = "expected an object" });
            return null;
        }

        var given = Collect(tool, arguments, errors);
        var call = new ApiCall { Operation = tool.Operation };
        foreach (var argument in tool.Arguments)
        {
            if (Find(argument, given, key) is { } value)
            {
                Check(argument, value, errors);
                given[argument.Name] = value;
            }
            else if (argument.IsRequired || argument.IsOwnAgent)
            {
                errors.Add(new MemberError { Pointer = argument.Name, Message = "is missing" });
            }
        }

        if (errors.Count > 0)
        {
            return null;
        }

        foreach (var argument in tool.Arguments.Where(argument => given.ContainsKey(argument.Name)))
        {
            Put(call, argument, given[argument.Name]);
        }

        if (tool.HasBody)
        {
            var body = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(body))
            {
                json.WriteStartObject();
                tool.WriteBody(json, given);
                json.WriteEndObject();
            }

            call.Body = body.WrittenSpan.ToArray();
        }

        return call;
    }

    /// <summary>What is given and not null, by name; a model often says null for what it leaves out.</summary>
    private static Dictionary<string, JsonElement> Collect(MeshTool tool, JsonElement arguments, List<MemberError> errors)
    {
        var given = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (arguments.ValueKind != JsonValueKind.Object)
        {
            return given;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        string[] allowed = [.. tool.Arguments.Select(argument => argument.Name)];
        foreach (var member in arguments.EnumerateObject())
        {
            if (!allowed.Contains(member.Name))
            {
                errors.Add(new MemberError { Pointer = member.Name, Message = "is not an argument of this tool", Allowed = allowed });
            }
            else if (!seen.Add(member.Name))
            {
                errors.Add(new MemberError { Pointer = member.Name, Message = "is given twice" });
            }
            else if (member.Value.ValueKind != JsonValueKind.Null)
            {
                given[member.Name] = member.Value;
            }
        }

        return given;
    }

    private static JsonElement? Find(ToolArgument argument, Dictionary<string, JsonElement> given, Key key) =>
        given.TryGetValue(argument.Name, out var value) ? value
        : argument.IsOwnAgent && key.AgentId is { } own ? JsonSerializer.SerializeToElement(own)
        : argument.Default is { } otherwise ? JsonSerializer.SerializeToElement(otherwise)
        : null;

    private static void Check(ToolArgument argument, JsonElement value, List<MemberError> errors)
    {
        var isRight = argument.Form switch
        {
            ArgumentForm.Id => value.ValueKind is JsonValueKind.String or JsonValueKind.Number,
            ArgumentForm.Text => value.ValueKind == JsonValueKind.String,
            ArgumentForm.Whole => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            ArgumentForm.Number => value.ValueKind == JsonValueKind.Number,
            ArgumentForm.Flag => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            ArgumentForm.Texts => value.ValueKind == JsonValueKind.Array
                && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String),
            ArgumentForm.Map => value.ValueKind == JsonValueKind.Object
                && value.EnumerateObject().All(member => member.Value.ValueKind == JsonValueKind.String),
            ArgumentForm.Array => value.ValueKind == JsonValueKind.Array,
            _ => value.ValueKind == JsonValueKind.Object,
        };
        if (!isRight)
        {
            errors.Add(new MemberError { Pointer = argument.Name, Message = $"expected {Word(argument.Form)}" });
        }
        else if (argument is { Place: ArgumentPlace.Path, Form: ArgumentForm.Id } && !Contracts.MeshId.IsValid(TextOf(value)))
        {
            errors.Add(new MemberError { Pointer = argument.Name, Message = Contracts.MeshId.Rule });
        }
        else if (argument.Place == ArgumentPlace.Query && HasComma(argument, value))
        {
            errors.Add(new MemberError { Pointer = argument.Name, Message = "cannot have a comma in it here" });
        }
        else if (argument is { Place: ArgumentPlace.Query, Form: ArgumentForm.Map }
            && value.EnumerateObject().Any(member => !Contracts.MeshId.IsValid(member.Name)))
        {
            // Or "env!" would be another condition than the one that was asked for.
            errors.Add(new MemberError { Pointer = argument.Name, Message = $"its names follow the rule of ids: {Contracts.MeshId.Rule}" });
        }
    }

    /// <summary>Commas separate the items of what becomes one parameter.</summary>
    private static bool HasComma(ToolArgument argument, JsonElement value) => argument.Form switch
    {
        ArgumentForm.Texts => value.EnumerateArray().Any(item => item.GetString()!.Contains(',', StringComparison.Ordinal)),
        ArgumentForm.Map => value.EnumerateObject().Any(member =>
            (member.Name + member.Value.GetString()).Contains(',', StringComparison.Ordinal)),
        _ => false,
    };

    private static void Put(ApiCall call, ToolArgument argument, JsonElement value)
    {
        switch (argument.Place)
        {
            case ArgumentPlace.Path:
                call.Path[argument.Member] = TextOf(value);
                break;
            case ArgumentPlace.Query:
                call.Query.Add(new(argument.Member, TextOf(value)));
                break;
            case ArgumentPlace.QueryEach:
                call.Query.AddRange(value.EnumerateArray().Select(item => KeyValuePair.Create(argument.Member, item.GetString()!)));
                break;
            case ArgumentPlace.Header:
                call.Headers[argument.Member] = TextOf(value);
                break;
            case ArgumentPlace.QuotedHeader:
                call.Headers[argument.Member] = $"\"{TextOf(value)}\"";
                break;
        }
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Array => string.Join(',', value.EnumerateArray().Select(item => item.GetString())),
        JsonValueKind.Object => string.Join(',', value.EnumerateObject().Select(member => $"{member.Name}={member.Value.GetString()}")),
        JsonValueKind.Number when value.TryGetInt64(out var whole) => whole.ToString(CultureInfo.InvariantCulture),
        _ => value.GetRawText(),
    };

    private static string Word(ArgumentForm form) => form switch
    {
        ArgumentForm.Id or ArgumentForm.Text => "a string",
        ArgumentForm.Whole => "a whole number",
        ArgumentForm.Number => "a number",
        ArgumentForm.Flag => "true or false",
        ArgumentForm.Texts => "an array of strings",
        ArgumentForm.Map => "an object of strings",
        ArgumentForm.Array => "an array",
        _ => "an object",
    };
}
