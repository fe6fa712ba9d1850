using System.Buffers;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>
/// RFC 4180: CRLF, quotes where needed. Values are the wire's own: ISO times, and JSON for what is nested. Control and invisible
/// characters are shown escaped; a text that a spreadsheet would take for a formula has a <c>'</c> in front.
/// </summary>
internal static class CsvText
{
    private static readonly SearchValues<char> s_special = SearchValues.Create(",\"\r\n");

    /// <summary>What a formula may begin with; in some locales also in full width.</summary>
    private static readonly SearchValues<char> s_formula = SearchValues.Create("=+-@\t\r\n＝＋－＠");

    public static string Line(IEnumerable<string> cells) => string.Join(',', cells.Select(Quoted)) + "\r\n";

    public static string Line(JsonElement row, IReadOnlyList<string> members) => Line(members.Select(member => Cell(row, member)));

    private static string Cell(JsonElement row, string member) =>
        !row.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null ? ""
        : value.ValueKind == JsonValueKind.String ? Inert(value.GetString()!)
        : TerminalText.Escape(Json.Compact(value));

    private static string Inert(string text) => (text.Length > 0 && s_formula.Contains(text[0]) ? "'" : "") + TerminalText.Escape(text);

    private static string Quoted(string cell) =>
        cell.AsSpan().ContainsAny(s_special) ? "\"" + cell.Replace("\"", "\"\"") + "\"" : cell;
}
