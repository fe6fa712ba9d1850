using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;

namespace SessionMesh.Server.Http;

/// <summary>
/// Parses a refused body a second time, to name everything that is wrong with it and what is allowed instead. It looks at the body, the
/// types and the position of the error, never at a library's error text. Only failed requests pay for it.
/// </summary>
internal static class BodyExplainer
{
    /// <summary>Never throws: a body without an explanation is still refused.</summary>
    public static MeshError Explain(byte[] body, JsonTypeInfo type, JsonException error)
    {
        try
        {
            return CheckSyntax(body) ?? Look(body, type, error);
        }
#pragma warning disable CA1031 // A failure to explain must not hide the refusal.
        catch (Exception)
#pragma warning restore CA1031
        {
            return BodyText.CheckSurrogates(body)
                ?? NotJson($"The body is not what is expected. Send a JSON object with: {string.Join(", ", Names(type))}.");
        }
    }

    /// <summary>Null if the body is one JSON value that is not nested too deeply.</summary>
    private static MeshError? CheckSyntax(byte[] body)
    {
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = body.Length + 1 });
        try
        {
            while (json.Read())
            {
                if (json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && json.CurrentDepth >= Limits.JsonDepth)
                {
                    return NotJson($"The body is nested deeper than {Limits.JsonDepth}.");
                }
            }

            return null;
        }
        catch (JsonException e)
        {
            return NotJson($"The body is not valid JSON: see line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
    }

    private static MeshError Look(byte[] body, JsonTypeInfo type, JsonException error)
    {
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth });
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            return NotJson($"The body is {Word(root.ValueKind)}. Send a JSON object with: {string.Join(", ", Names(type))}.");
        }

        var members = UnknownOrRepeated(root, type);
        if (members.Count == 0)
        {
            members.Add(WrongAt(BodyPlace.Find(error.Path ?? "$", root, type), type, error));
        }

        var detail = string.Join(" ", members.Select(m => $"{m.Pointer[1..]}: {m.Message}."));
        return new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest, detail) { Members = members };
    }

    private static List<MemberError> UnknownOrRepeated(JsonElement body, JsonTypeInfo type)
    {
        var errors = new List<MemberError>();
        var allowed = Names(type);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in body.EnumerateObject().Select(member => member.Name))
        {
            var pointer = BodyPlace.PointerTo("", name);
            if (!allowed.Contains(name) && type.UnmappedMemberHandling == JsonUnmappedMemberHandling.Disallow)
            {
                errors.Add(new MemberError { Pointer = pointer, Message = "is not a member here", Allowed = allowed });
            }
            else if (!seen.Add(name))
            {
                errors.Add(new MemberError { Pointer = pointer, Message = "is given twice" });
            }
        }

        return errors;
    }

    private static MemberError WrongAt(BodyPlace place, JsonTypeInfo body, JsonException error)
    {
        if (place.Outer is null || (place.Type is null && !place.IsUnknown))
        {
            var pointer = place.Outer is null ? "/" : place.Pointer;
            return new MemberError { Pointer = pointer, Message =
                "the body does not have the form that is expected", Allowed = Names(body) };
        }

        return new MemberError
        {
            Pointer = place.Pointer,
            Message = place.IsRepeated ? "is given twice"
                : place.IsUnknown ? "is not a member here"
                : HasRepeated(place.Value) ? "has a member twice"
                : OwnWords(place, error) ?? WrongValue(place),
        };
    }

    /// <summary>
    /// The message of one of our own converters about a member; null if there is none. Any other failure inside a converter comes from the
    /// reader, and is the inner exception of this one.
    /// </summary>
    private static string? OwnWords(BodyPlace place, JsonException error) =>
        place.Outer?.Outer is not null && error.InnerException is null && place.Converter?.GetType().Assembly == typeof(MeshJson).Assembly
            ? error.Message
            : null;

    private static string WrongValue(BodyPlace place)
    {
        var found = place.Value.ValueKind == JsonValueKind.Undefined ? "" : $", not {Word(place.Value.ValueKind)}";
        return IsNoText(place.Type!.Type, place.Value)
            ? "has half of a surrogate pair, which is no text"
            : $"expected {Expected(place.Type)}{found}";
    }

    /// <summary>Whether a lone surrogate is the cause: the form is right and the body is UTF-8, so nothing else is left.</summary>
    private static bool IsNoText(Type type, JsonElement value) =>
        (type == typeof(string) && value.ValueKind == JsonValueKind.String)
        || (Nullable.GetUnderlyingType(type) ?? type) == typeof(JsonElement);

    private static bool HasRepeated(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Select(member => member.Name).Distinct(StringComparer.Ordinal).Count()
            < value.EnumerateObject().Count() || value.EnumerateObject().Any(member => HasRepeated(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasRepeated),
        _ => false,
    };

    private static string Expected(JsonTypeInfo info)
    {
        var type = Nullable.GetUnderlyingType(info.Type) ?? info.Type;
        return type == typeof(string) ? "a string"
            : type == typeof(bool) ? "true or false"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(DateTimeOffset) ? "an ISO 8601 time"
            : info.Kind == JsonTypeInfoKind.Dictionary ? "an object of strings"
            : info.Kind == JsonTypeInfoKind.Enumerable ? "an array"
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

    private static MeshError NotJson(string detail) => new(ErrorKind.Invalid, ErrorCodes.InvalidJson, detail);
}
