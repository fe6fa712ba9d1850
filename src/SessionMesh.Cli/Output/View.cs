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

    /// <summary>Every member that a row may have, as far as the columns show it.</summary>
    public IEnumerable<string> Members => Names.Concat(Table.Concat(More).Select(column => column.Member));

    public string? NameOf(JsonElement row) => Names
        .Where(member => row.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
        .Select(member => Column.Plain(row.GetProperty(member)))
        .FirstOrDefault();
}
