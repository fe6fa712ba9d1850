using System.Text;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>Tables: columns as wide as they need, fitted to the terminal where there is one.</summary>
internal sealed class TableText(int? width, bool colour)
{
    private const int Gap = 2;
    private const int NarrowestColumn = 6;

    /// <param name="streaming">Rows come one by one: columns keep the width they declare for that.</param>
    public IEnumerable<string> Lines(
        IReadOnlyList<Column> columns, IEnumerable<JsonElement> rows, DateTimeOffset now, bool streaming = false)
    {
        var cells = new List<string[]> { columns.Select(column => column.Header.ToUpperInvariant()).ToArray() };
        var colours = new List<string?[]> { columns.Select(_ => (string?)"1").ToArray() };
        foreach (var row in rows)
        {
            cells.Add([.. columns.Select(column => TerminalText.Escape(column.Text(row, now)))]);
            colours.Add([.. columns.Select(column => column.Colour?.Invoke(row))]);
        }

        var widths = Fit([.. columns.Select((column, i) =>
            Math.Max(cells.Max(line => TerminalText.Width(line[i])), streaming ? column.StreamWidth : 0))]);
        return cells.Select((line, row) => Line(line, widths, colours[row]));
    }

    /// <summary>One line per member, names aligned; absent members are left out.</summary>
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
            var text = TerminalText.Escape(column.Text(row, now));
            if (width is { } most)
            {
                text = TerminalText.Fit(text, Math.Max(NarrowestColumn, most - names - Gap));
            }

            yield return column.Header.PadRight(names + Gap) + Painted(text, column.Colour?.Invoke(row));
        }
    }

    /// <summary>Takes columns off the widest until the line fits.</summary>
    private int[] Fit(int[] widths)
    {
        if (width is not { } most)
        {
            return widths;
        }

        var excess = widths.Sum() + (Gap * (widths.Length - 1)) - most;
        while (excess > 0)
        {
            var widest = Array.IndexOf(widths, widths.Max());
            if (widths[widest] <= NarrowestColumn)
            {
                break;
            }

            widths[widest]--;
            excess--;
        }

        return widths;
    }

    private string Line(string[] cells, int[] widths, string?[] colours)
    {
        var line = new StringBuilder();
        for (var i = 0; i < cells.Length; i++)
        {
            var text = TerminalText.Fit(cells[i], widths[i]);
            line.Append(Painted(text, colours[i]));
            if (i < cells.Length - 1)
            {
                line.Append(' ', widths[i] - TerminalText.Width(text) + Gap);
            }
        }

        return line.ToString();
    }

    private string Painted(string text, string? code) => colour && code is not null ? $"\e[{code}m{text}\e[0m" : text;
}
