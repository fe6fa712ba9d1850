using System.Globalization;
using System.Text;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>
/// JSON values as YAML. Strings are quoted as in JSON, which YAML reads the same, so nothing turns into a number or a date.
/// </summary>
internal static class YamlText
{
    public static string Of(JsonElement value)
    {
        var text = new StringBuilder();
        if (IsNested(value))
        {
            Nested(text, value, indent: 0);
        }
        else
        {
            text.Append(Scalar(value)).Append('\n');
        }

        return text.ToString();
    }

    private static void Nested(StringBuilder text, JsonElement value, int indent)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                text.Append(' ', indent).Append('-');
                Value(text, item, indent, inList: true);
            }

            return;
        }

        foreach (var member in value.EnumerateObject())
        {
            text.Append(' ', indent).Append(Name(member.Name)).Append(':');
            Value(text, member.Value, indent, inList: false);
        }
    }

    private static void Value(StringBuilder text, JsonElement value, int indent, bool inList)
    {
        if (!IsNested(value))
        {
            text.Append(' ').Append(Scalar(value)).Append('\n');
            return;
        }

        if (!inList)
        {
            text.Append('\n');
            Nested(text, value, indent + 2);
            return;
        }

        var nested = new StringBuilder();
        Nested(nested, value, indent + 2);
        text.Append(nested, indent + 1, nested.Length - indent - 1);
    }

    private static bool IsNested(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => false,
    };

    private static string Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "[]",
        JsonValueKind.Object => "{}",
        _ => Wide(TerminalText.EscapeJson(Json.Compact(value))),
    };

    private static string Name(string name) =>
        name.Length > 0
            && name.All(c => char.IsAsciiLetterLower(c) || c == '_')
            && name is not ("null" or "true" or "false" or "yes" or "no" or "on" or "off" or "y" or "n")
            ? name
            : Wide(TerminalText.EscapeJson(Json.Compact(JsonSerializer.SerializeToElement(name, OutputJson.Default.String))));

    /// <summary>YAML knows no surrogate pairs: what is beyond the first plane, two escapes in JSON, is one of eight digits.</summary>
    private static string Wide(string json)
    {
        if (!json.Contains("\\u", StringComparison.Ordinal))
        {
            return json;
        }

        var wide = new StringBuilder(json.Length);
        for (int i = 0, length; i < json.Length; i += length)
        {
            length = json[i] == '\\' ? 2 : 1;
            if (UnitAt(json, i) is { } high && char.IsHighSurrogate(high) && UnitAt(json, i + 6) is { } low && char.IsLowSurrogate(low))
            {
                length = 12;
                wide.Append(CultureInfo.InvariantCulture, $"\\U{char.ConvertToUtf32(high, low):x8}");
            }
            else
            {
                wide.Append(json, i, length);
            }
        }

        return wide.ToString();
    }

    /// <summary>The code unit of a <c>\uXXXX</c> there; null where there is something else.</summary>
    private static char? UnitAt(string json, int at) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
        && ushort.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;
}
