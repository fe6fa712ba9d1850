using System.Globalization;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Text">The cell, not yet escaped.</param>
/// <param name="Colour">An SGR code for a cell, or null.</param>
internal sealed record Column(
    string Header, string Member, Func<JsonElement, DateTimeOffset, string> Text, Func<JsonElement, string?>? Colour = null)
{
    /// <summary>
    /// What may be cut where a line is too long: prose and lists. Ids, keys, numbers and times are shown whole or not at all.
    /// </summary>
    private static readonly string[] s_text =
    [
        "message", "note", "reason", "detail", "specializations", "labels", "scopes", "within", "data", "meta", "activity", "user", "why",
        SkillText.Member,
    ];

    /// <summary>The least width while rows come one by one and the width of the next is unknown.</summary>
    public int StreamWidth { get; init; }

    /// <summary>
    /// How little a person misses it where there is no room: of the highest rank the last column goes first. Rank 0 stays.
    /// </summary>
    public int Rank { get; init; } = 1;

    public bool IsText => s_text.Contains(Member);

    /// <summary>A member under its own name; <c>at</c>, <c>…_at</c> and <c>deadline</c> are times, shown as a distance.</summary>
    public static Column Of(string member) => Of(member.Replace('_', ' '), member);

    public static Column Of(string header, string member) => new(header, member, (row, now) => CellOf(row, member, now));

    private static string CellOf(JsonElement row, string member, DateTimeOffset now)
    {
        if (row.ValueKind != JsonValueKind.Object || !row.TryGetProperty(member, out var value))
        {
            return "-";
        }

        if (member is SkillText.Member)
        {
            return SkillText.Of(value);
        }

        return (member is "at" or "deadline" || member.EndsWith("_at", StringComparison.Ordinal))
            && value.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? RelativeTime.Of(at, now)
            : Plain(value);
    }

    /// <summary>Whether a row's value is a number, or there is none: such columns line up on the right.</summary>
    public bool IsNumberOrNothing(JsonElement row) =>
        row.ValueKind != JsonValueKind.Object || !row.TryGetProperty(Member, out var value)
        || value.ValueKind is JsonValueKind.Number or JsonValueKind.Null or JsonValueKind.Undefined;

    public bool HasNumber(JsonElement row) =>
        row.ValueKind == JsonValueKind.Object && row.TryGetProperty(Member, out var value) && value.ValueKind == JsonValueKind.Number;

    /// <summary>
    /// A value for a person: lists with commas, maps as <c>k=v</c>, nothing as <c>-</c>. An empty text is not nothing: it is <c>""</c>, and
    /// in a map what stands behind its <c>k=</c>.
    /// </summary>
    public static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => "-",
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : "\"\"",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array when value.GetArrayLength() == 0 => "-",
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            string.Join(',', value.EnumerateArray().Select(Plain)),
        JsonValueKind.Object when !value.EnumerateObject().Any() => "-",
        JsonValueKind.Object when value.EnumerateObject().All(
            item => item.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            string.Join(',', value.EnumerateObject().Select(item =>
                $"{item.Name}={(item.Value.ValueKind == JsonValueKind.String ? item.Value.GetString() : item.Value.GetRawText())}")),
        JsonValueKind.Number => value.GetRawText(),
        _ => Json.Compact(value),
    };
}
