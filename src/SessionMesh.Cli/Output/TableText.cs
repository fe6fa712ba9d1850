using System.Text;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>
/// Tables: columns as wide as they need. On a terminal a line fits into its width: first texts are cut, then whole columns are left out,
/// the least valuable first, and a last line names them. An id, a key, a number or a time is never cut.
/// </summary>
internal sealed class TableText(int? width, bool colour, bool headers)
{
    /// <summary>What a text is not cut below: enough to tell one from another.</summary>
    private const int NarrowestText = 16;

    private const int Gap = 2;
    private const string Bold = "1";

    private Layout? _stream;

    /// <summary>A whole table.</summary>
    public IEnumerable<string> Lines(IReadOnlyList<Column> columns, IReadOnlyList<JsonElement> rows, DateTimeOffset now)
    {
        var cells = rows.Select(row => Cells(columns, row, now)).ToList();
        var layout = new Layout(width, columns, [.. columns.Select((column, i) =>
            Math.Max(HeaderWidth(column), cells.Count == 0 ? 0 : cells.Max(line => TerminalText.Width(line[i]))))], rows);
        if (headers)
        {
            yield return Header(layout);
        }

        for (var i = 0; i < cells.Count; i++)
        {
            yield return Line(layout, cells[i], rows[i]);
        }

        if (layout.LeftOut is { } leftOut)
        {
            yield return leftOut;
        }
    }

    /// <summary>
    /// One row of a table without an end. Columns keep the width that they declare for that; a longer cell pushes the rest of its line.
    /// </summary>
    public IEnumerable<string> StreamedLines(IReadOnlyList<Column> columns, JsonElement row, DateTimeOffset now)
    {
        var cells = Cells(columns, row, now);
        if (_stream is null)
        {
            _stream = new Layout(width, columns, [.. columns.Select((column, i) =>
                Math.Max(HeaderWidth(column), column.StreamWidth > 0 ? column.StreamWidth : TerminalText.Width(cells[i])))], [row]);
            if (_stream.LeftOut is { } leftOut)
            {
                yield return leftOut;
            }

            if (headers)
            {
                yield return Header(_stream);
            }
        }

        yield return Line(_stream, cells, row);
    }

    /// <summary>One line per member, names aligned, values whole; absent members are left out.</summary>
    public IEnumerable<string> Vertical(IReadOnlyList<Column> all, JsonElement row, DateTimeOffset now)
    {
        var columns = all.Where(column => row.TryGetProperty(column.Member, out _)).ToList();
        if (columns.Count == 0)
        {
            yield break;
        }

        var names = columns.Max(column => column.Header.Length);
        foreach (var column in columns)
        {
            yield return column.Header.PadRight(names + Gap)
                + Painted(TerminalText.Escape(column.Text(row, now)), column.Colour?.Invoke(row));
        }
    }

    private int HeaderWidth(Column column) => headers ? column.Header.Length : 0;

    private static string[] Cells(IReadOnlyList<Column> columns, JsonElement row, DateTimeOffset now) =>
        [.. columns.Select(column => TerminalText.Escape(column.Text(row, now)))];

    private string Header(Layout layout) =>
        Line(layout, [.. layout.Columns.Select(column => column.Header.ToUpperInvariant())], _ => Bold);

    private string Line(Layout layout, string[] cells, JsonElement row) => Line(layout, cells, column => column.Colour?.Invoke(row));

    private string Line(Layout layout, string[] cells, Func<Column, string?> colourOf)
    {
        var line = new StringBuilder();
        var end = 0;
        for (var i = 0; i < cells.Length; i++)
        {
            if (layout.Widths[i] is not { } columns)
            {
                continue;
            }

            var text = layout.Columns[i].IsText && width is not null ? TerminalText.Fit(cells[i], columns) : cells[i];
            var blanks = Math.Max(0, columns - TerminalText.Width(text));
            line.Append(' ', end);
            if (layout.IsRight[i])
            {
                line.Append(' ', blanks);
            }

            line.Append(Painted(text, colourOf(layout.Columns[i])));
            end = Gap + (layout.IsRight[i] ? 0 : blanks);
        }

        return line.ToString();
    }

    private string Painted(string text, string? code) => colour && code is not null ? $"\e[{code}m{text}\e[0m" : text;

    /// <summary>Which columns there is room for, and how wide each is.</summary>
    private sealed class Layout
    {
        public Layout(int? most, IReadOnlyList<Column> columns, int[] natural, IReadOnlyList<JsonElement> rows)
        {
            Columns = columns;
            IsRight = [.. columns.Select(column => rows.All(column.IsNumberOrNothing) && rows.Any(column.HasNumber))];
            Widths = [.. natural.Select(columns => (int?)columns)];
            if (most is not { } room)
            {
                return;
            }

            while (Least(natural) > room && NextToGo() is { } next)
            {
                Widths[next] = null;
            }

            Cut(room);
            var names = columns.Where((_, i) => Widths[i] is null).Select(column => column.Header).ToList();
            LeftOut = names.Count == 0 ? null
                : $"(no room for {string.Join(", ", names)}: a wider terminal, --fields or -o json shows them)";
        }

        public IReadOnlyList<Column> Columns { get; }

        /// <summary>Null for a column that is left out.</summary>
        public int?[] Widths { get; }

        public bool[] IsRight { get; }

        /// <summary>The last line, or null when all is there.</summary>
        public string? LeftOut { get; }

        private int Total => Widths.Sum(columns => columns is null ? 0 : columns.Value + Gap) - Gap;

        /// <summary>The width with every text cut as far as it may be.</summary>
        private int Least(int[] natural) =>
            Total - Columns.Select((column, i) => Widths[i] is null || !column.IsText ? 0 : Math.Max(0, natural[i] - NarrowestText)).Sum();

        private int? NextToGo()
        {
            var candidates = Enumerable.Range(0, Columns.Count).Where(i => Widths[i] is not null && Columns[i].Rank > 0 && i > 0).ToList();
            return candidates.Count == 0 ? null : candidates.MaxBy(i => (Columns[i].Rank, i));
        }

        /// <summary>Takes columns off the widest text until the line fits.</summary>
        private void Cut(int room)
        {
            for (var excess = Total - room; excess > 0; excess--)
            {
                var texts = Enumerable.Range(0, Columns.Count).Where(i => Columns[i].IsText && Widths[i] > NarrowestText).ToList();
                if (texts.Count == 0)
                {
                    return;
                }

                Widths[texts.MaxBy(i => Widths[i]!.Value)]--;
            }
        }
    }
}
