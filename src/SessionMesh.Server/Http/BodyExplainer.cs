using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>
/// Looks a second time at a body that was refused, to say all that is wrong with it and what would have been taken. Only
/// failures pay for it.
/// </summary>
internal static class BodyExplainer
{
    /// <summary>Never throws: whatever is wrong with the explanation, the body was refused.</summary>
    public static MeshError Explain(byte[] body, JsonTypeInfo type, JsonException error)
    {
        try
        {
            return Look(body, type, error);
        }
#pragma warning disable CA1031 // What goes wrong here must not replace the refusal.
        catch (Exception)
#pragma warning restore CA1031
        {
            return BodyText.CheckSurrogates(body)
                ?? new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson, $"The body is not what is expected. Send a JSON object with: {string.Join(", ", Names(type))}.");
        }
    }

    private static MeshError Look(byte[] body, JsonTypeInfo type, JsonException error)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth });
        }
        catch (JsonException e)
        {
            return e.Message.Contains("maximum configured depth", StringComparison.Ordinal)
                ? new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson, $"The body is nested deeper than {Limits.JsonDepth}.")
                : new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson, $"The body is not valid JSON: see line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidJson, $"The body is a JSON {Word(document.RootElement.ValueKind)}. Send an object with: {string.Join(", ", Names(type))}.");
            }

            var members = UnknownOrRepeated(document.RootElement, type);
            if (members.Count == 0)
            {
                members.Add(WrongType(document.RootElement, type, error));
            }

            return new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest, string.Join(" ", members.Select(m => $"{m.Pointer[1..]}: {m.Message}."))) { Members = members };
        }
    }

    private static List<MemberError> UnknownOrRepeated(JsonElement body, JsonTypeInfo type)
    {
        var errors = new List<MemberError>();
        var allowed = Names(type);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in body.EnumerateObject().Select(member => member.Name))
        {
            if (!allowed.Contains(name))
            {
                errors.Add(new MemberError { Pointer = Pointer(name), Message = "is not a member here", Allowed = allowed });
            }
            else if (!seen.Add(name))
            {
                errors.Add(new MemberError { Pointer = Pointer(name), Message = "is given twice" });
            }
        }

        return errors;
    }

    private static MemberError WrongType(JsonElement body, JsonTypeInfo type, JsonException error)
    {
        // The serializer's path is "$.member.inner[0]"; the first step names the member whose type we can tell.
        var path = (error.Path ?? "$").TrimStart('$');
        var name = path.TrimStart('.').Split('.', '[')[0];
        var property = type.Properties.FirstOrDefault(p => p.Name == name);
        if (property is null)
        {
            return new MemberError { Pointer = "/", Message = "the body does not have the form that is expected", Allowed = Names(type) };
        }

        var inner = path.TrimStart('.') == name ? "" : path[(path.IndexOf(name, StringComparison.Ordinal) + name.Length)..];
        if (error.Message.Contains("uplicate", StringComparison.Ordinal))
        {
            return new MemberError { Pointer = Pointer(name) + Steps(inner), Message = inner.Length == 0 ? "has a member twice" : "is given twice" };
        }

        if (error.Message.Contains("could not be mapped", StringComparison.Ordinal))
        {
            return new MemberError { Pointer = Pointer(name) + Steps(inner), Message = "is not a member here" };
        }

        // A converter of ours says in its own words what it expected.
        if (inner.Length > 0 && !error.Message.StartsWith("The JSON", StringComparison.Ordinal))
        {
            return new MemberError { Pointer = Pointer(name) + Steps(inner), Message = error.Message };
        }

        var value = inner.Length == 0 && body.TryGetProperty(name, out var given) ? given : default;
        var found = value.ValueKind == JsonValueKind.Undefined ? "" : $", not {Word(value.ValueKind)}";
        return new MemberError
        {
            Pointer = Pointer(name) + Steps(inner),
            Message = IsNoText(property.PropertyType, value)
                ? "has half of a surrogate pair, which is no text"
                : $"expected {Expected(property.PropertyType)}{found}",
        };
    }

    /// <summary>What has the right form, and was refused all the same: it is UTF-8, so that only this is left.</summary>
    private static bool IsNoText(Type type, JsonElement value) =>
        (type == typeof(string) && value.ValueKind == JsonValueKind.String)
        || (Nullable.GetUnderlyingType(type) ?? type) == typeof(JsonElement);

    /// <summary>The rest of a serializer's path, as the rest of a pointer.</summary>
    private static string Steps(string path) => path.Replace('.', '/').Replace('[', '/').Replace("]", "", StringComparison.Ordinal);

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) ? "a string"
            : type == typeof(bool) ? "true or false"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type.Name.Contains("Dictionary", StringComparison.Ordinal) ? "an object of strings"
            : type.Name.Contains("List", StringComparison.Ordinal) ? "an array"
            : "an object";
    }

    private static string Word(JsonValueKind kind) => kind switch
    {
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Null => "null",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.Number => "a number",
        _ => "a string",
    };

    private static string[] Names(JsonTypeInfo type) => [.. type.Properties.Select(p => p.Name)];

    private static string Pointer(string name) => "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
