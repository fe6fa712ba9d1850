using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace SessionMesh.Server.Http;

/// <summary>Where a serializer's path leads: the value in the body, and the type it should have.</summary>
internal sealed class BodyPlace
{
    private BodyPlace(string pointer, JsonElement value, JsonTypeInfo? type, JsonConverter? converter, BodyPlace? outer, string name)
    {
        (Pointer, Value, Type, Outer, Name) = (pointer, value, type, outer, name);
        Converter = converter ?? type?.Converter;
    }

    /// <summary>A JSON pointer; empty for the body.</summary>
    public string Pointer { get; }

    /// <summary>Undefined if the body has nothing there.</summary>
    public JsonElement Value { get; }

    /// <summary>Null if nothing is expected there.</summary>
    public JsonTypeInfo? Type { get; }

    public JsonConverter? Converter { get; }

    /// <summary>The enclosing object or array; null for the body.</summary>
    public BodyPlace? Outer { get; }

    /// <summary>The name of the member, or the index of the item.</summary>
    public string Name { get; }

    /// <summary>Whether the enclosing object has this member more than once.</summary>
    public bool IsRepeated => Outer is { Value.ValueKind: JsonValueKind.Object } outer
        && outer.Value.EnumerateObject().Count(member => member.NameEquals(Name)) > 1;

    /// <summary>Whether the type of the enclosing object has no such member.</summary>
    public bool IsUnknown => Type is null && Outer?.Type?.Kind == JsonTypeInfoKind.Object;

    /// <param name="path">In the form of <see cref="JsonException.Path"/>: <c>$.member.inner[0]['with space']</c>.</param>
    public static BodyPlace Find(string path, JsonElement body, JsonTypeInfo type) =>
        Steps(path).Aggregate(new BodyPlace("", body, type, null, null, ""), (place, step) => place.Into(step));

    public static string PointerTo(string outer, string name) =>
        $"{outer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    private BodyPlace Into(string name)
    {
        var value = Value.ValueKind switch
        {
            JsonValueKind.Object when Value.TryGetProperty(name, out var member) => member,
            JsonValueKind.Array when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
                && at < Value.GetArrayLength() => Value[at],
            _ => default,
        };
        var property = Type?.Kind == JsonTypeInfoKind.Object ? Type.Properties.FirstOrDefault(p => p.Name == name) : null;
        var expected = property?.PropertyType ?? Type?.ElementType;
        var type = expected is not null && Type!.Options.TryGetTypeInfo(expected, out var known) ? known : null;
        return new BodyPlace(PointerTo(Pointer, name), value, type, property?.CustomConverter, this, name);
    }

    private static IEnumerable<string> Steps(string path)
    {
        for (var at = path.StartsWith('$') ? 1 : 0; at < path.Length;)
        {
            var isQuoted = path.AsSpan(at).StartsWith("['");
            var begin = at + (isQuoted ? 2 : 1);
            var end = isQuoted ? path.IndexOf("']", begin, StringComparison.Ordinal)
                : path[at] == '[' ? path.IndexOf(']', begin)
                : path.AsSpan(begin).IndexOfAny('.', '[') is >= 0 and var next ? begin + next
                : path.Length;
            end = end < 0 ? path.Length : end;
            yield return path[begin..end];
            at = end + (isQuoted ? 2 : path[at] == '[' ? 1 : 0);
        }
    }
}
