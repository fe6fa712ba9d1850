using System.Text.Json;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>Compares JSON member by member, the whole of it: no member may be missing and none may be there unasked.</summary>
internal static class Members
{
    public static JsonElement Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new Xunit.Sdk.XunitException($"not JSON: {text}", e);
        }
    }

    /// <param name="expected">
    /// JSON, where the strings <c>&lt;time&gt;</c>, <c>&lt;text&gt;</c> and <c>&lt;number&gt;</c> stand for any of their kind.
    /// </param>
    public static void Equal(string expected, JsonElement actual)
    {
        var differences = new List<string>();
        Compare("", Parse(expected), actual, differences);
        Assert.True(differences.Count == 0, $"{string.Join('\n', differences)}\nin {actual.GetRawText()}");
    }

    public static void Equal(string expected, string actual) => Equal(expected, Parse(actual));

    public static string? Text(this JsonElement element, string member) =>
        !element.TryGetProperty(member, out var value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : value.GetRawText();

    private static void Compare(string path, JsonElement expected, JsonElement actual, List<string> differences)
    {
        if (expected.ValueKind == JsonValueKind.String && expected.GetString() is ['<', .., '>'] kind)
        {
            if (!Matches(kind, actual))
            {
                differences.Add($"{path}: expected {kind}, was {actual.GetRawText()}");
            }
        }
        else if (expected.ValueKind != actual.ValueKind)
        {
            differences.Add($"{path}: expected {expected.GetRawText()}, was {actual.GetRawText()}");
        }
        else if (expected.ValueKind == JsonValueKind.Object)
        {
            CompareObjects(path, expected, actual, differences);
        }
        else if (expected.ValueKind == JsonValueKind.Array)
        {
            if (expected.GetArrayLength() != actual.GetArrayLength())
            {
                differences.Add($"{path}: expected {expected.GetArrayLength()} elements, were {actual.GetArrayLength()}");
            }

            foreach (var (pair, i) in expected.EnumerateArray().Zip(actual.EnumerateArray()).Select((pair, i) => (pair, i)))
            {
                Compare($"{path}/{i}", pair.First, pair.Second, differences);
            }
        }
        else if (!JsonElement.DeepEquals(expected, actual))
        {
            differences.Add($"{path}: expected {expected.GetRawText()}, was {actual.GetRawText()}");
        }
    }

    private static void CompareObjects(string path, JsonElement expected, JsonElement actual, List<string> differences)
    {
        foreach (var member in expected.EnumerateObject())
        {
            if (actual.TryGetProperty(member.Name, out var value))
            {
                Compare($"{path}/{member.Name}", member.Value, value, differences);
            }
            else
            {
                differences.Add($"{path}/{member.Name}: is missing");
            }
        }

        foreach (var member in actual.EnumerateObject())
        {
            if (!expected.TryGetProperty(member.Name, out _))
            {
                differences.Add($"{path}/{member.Name}: was not expected");
            }
        }
    }

    private static bool Matches(string kind, JsonElement actual) => kind switch
    {
        "<number>" => actual.ValueKind == JsonValueKind.Number,
        "<text>" => actual.ValueKind == JsonValueKind.String && actual.GetString() is { Length: > 0 },
        "<time>" => actual.ValueKind == JsonValueKind.String && actual.GetString()!.EndsWith('Z') && actual.TryGetDateTimeOffset(out _),
        _ => throw new ArgumentException($"{kind} is no kind"),
    };
}
