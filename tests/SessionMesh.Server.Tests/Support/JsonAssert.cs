using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SessionMesh.Server.Tests.Support;

/// <summary>
/// Compares JSON whole: every member there, none beside. In what is expected, <c>"*"</c> stands for any value that is not null,
/// and <c>"#16..20"</c> for a whole number in that range: for what no test can know.
/// </summary>
internal static class JsonAssert
{
    public static void Same(string expected, string actual)
    {
        var difference = Difference("$", JsonNode.Parse(expected), JsonNode.Parse(actual));
        Assert.True(difference is null, $"{difference}\nin {actual}");
    }

    private static string? Difference(string at, JsonNode? expected, JsonNode? actual)
    {
        if (expected is JsonObject members)
        {
            return actual is JsonObject found ? Difference(at, members, found) : $"{at}: expected an object, got {Show(actual)}";
        }

        if (expected is JsonArray items)
        {
            return actual is JsonArray found ? Difference(at, items, found) : $"{at}: expected an array, got {Show(actual)}";
        }

        return Matches(expected, actual) ? null : $"{at}: expected {Show(expected)}, got {Show(actual)}";
    }

    private static string? Difference(string at, JsonObject expected, JsonObject actual)
    {
        var missing = expected.Select(m => m.Key).Except(actual.Select(m => m.Key)).ToList();
        var more = actual.Select(m => m.Key).Except(expected.Select(m => m.Key)).ToList();
        return missing.Count + more.Count > 0
            ? $"{at}: missing [{string.Join(", ", missing)}], not expected [{string.Join(", ", more)}]"
            : expected.Select(m => Difference($"{at}.{m.Key}", m.Value, actual[m.Key])).FirstOrDefault(d => d is not null);
    }

    private static string? Difference(string at, JsonArray expected, JsonArray actual) =>
        expected.Count != actual.Count
            ? $"{at}: expected {expected.Count} items, got {actual.Count}: {Show(actual)}"
            : expected.Select((item, i) => Difference($"{at}[{i}]", item, actual[i])).FirstOrDefault(d => d is not null);

    private static bool Matches(JsonNode? expected, JsonNode? actual)
    {
        if (expected is JsonValue value && value.TryGetValue(out string? pattern) && actual is not null)
        {
            if (pattern == "*")
            {
                return true;
            }

            if (pattern.StartsWith('#') && actual.GetValueKind() == JsonValueKind.Number)
            {
                var bounds = pattern[1..].Split("..").Select(b => int.Parse(b, CultureInfo.InvariantCulture)).ToArray();
                return actual.AsValue().TryGetValue(out int number) && number >= bounds[0] && number <= bounds[1];
            }
        }

        return JsonNode.DeepEquals(expected, actual);
    }

    private static string Show(JsonNode? node) => node?.ToJsonString() ?? "null";
}
