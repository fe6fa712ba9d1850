using System.Globalization;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>How an answer is shown: where its rows are, what identifies one, and which columns a person sees.</summary>
internal sealed record View
{
    /// <summary>The member that holds the rows; null when the answer itself is the one row.</summary>
    public string? RowsMember { get; init; }

    /// <summary>The member that holds the one row, where an envelope is around it.</summary>
    public string? RowMember { get; init; }

    /// <summary>Rows for a person where they are not simply a member's items.</summary>
    public Func<JsonElement, IEnumerable<JsonElement>>? RowsOf { get; init; }

    /// <summary>The first of these members that is not null is a row's name.</summary>
    public required IReadOnlyList<string> Names { get; init; }
    public required IReadOnlyList<Column> Table { get; init; }

    /// <summary>What <c>wide</c> adds.</summary>
    public IReadOnlyList<Column> More { get; init; } = [];

    /// <summary>One line per member instead of one line per row.</summary>
    public bool Vertical { get; init; }

    /// <summary>One record with one line per member.</summary>
    public static View Single(string name, IReadOnlyList<string> members) => new()
    {
        Names = [name],
        Table = [.. members.Select(Column.Of)],
        Vertical = true,
    };

    public IEnumerable<JsonElement> Rows(JsonElement document) =>
        RowsOf is not null ? RowsOf(document)
        : RowMember is not null ? [document.GetProperty(RowMember)]
        : RowsMember is null ? [document]
        : document.TryGetProperty(RowsMember, out var rows) ? rows.EnumerateArray() : [];

    public string? NameOf(JsonElement row) => Names
        .Where(member => row.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
        .Select(member => Column.Plain(row.GetProperty(member)))
        .FirstOrDefault();
}

/// <summary>A column of a table.</summary>
/// <param name="Text">The cell, not yet escaped.</param>
/// <param name="Colour">An SGR code for a cell, or null.</param>
internal sealed record Column(
    string Header, string Member, Func<JsonElement, DateTimeOffset, string> Text, Func<JsonElement, string?>? Colour = null)
{
    /// <summary>The least width while rows come one by one and the width of the next is unknown.</summary>
    public int StreamWidth { get; init; }

    /// <summary>A member under its own name; <c>at</c>, <c>…_at</c> and <c>deadline</c> are times, shown as a distance.</summary>
    public static Column Of(string member) => Of(member.Replace('_', ' '), member);

    public static Column Of(string header, string member) => new(header, member, (row, now) => CellOf(row, member, now));

    private static string CellOf(JsonElement row, string member, DateTimeOffset now)
    {
        if (row.ValueKind != JsonValueKind.Object || !row.TryGetProperty(member, out var value))
        {
            return "-";
        }

        return (member is "at" or "deadline" || member.EndsWith("_at", StringComparison.Ordinal))
            && value.ValueKind == JsonValueKind.String
            && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? RelativeTime.Of(at, now)
            : Plain(value);
    }

    /// <summary>A value for a person: lists with commas, maps as <c>k=v</c>, nothing as <c>-</c>.</summary>
    public static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => "-",
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : "-",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Array when value.GetArrayLength() == 0 => "-",
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            string.Join(',', value.EnumerateArray().Select(Plain)),
        JsonValueKind.Object when !value.EnumerateObject().Any() => "-",
        JsonValueKind.Object when value.EnumerateObject().All(
            item => item.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            string.Join(',', value.EnumerateObject().Select(item => $"{item.Name}={Plain(item.Value)}")),
        JsonValueKind.Number => value.GetRawText(),
        _ => Json.Compact(value),
    };
}
