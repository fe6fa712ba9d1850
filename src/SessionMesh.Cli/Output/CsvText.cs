using System.Buffers;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>RFC 4180: CRLF, quotes where needed. Values are the wire's own: ISO times, and JSON for what is nested.</summary>
internal static class CsvText
{
    private static readonly SearchValues<char> s_special = SearchValues.Create(",\"\r\n");

    public static string Line(IEnumerable<string> cells) => string.Join(',', cells.Select(Quoted)) + "\r\n";

    public static string Line(JsonElement row, IReadOnlyList<string> members) => Line(members.Select(member => Cell(row, member)));

    private static string Cell(JsonElement row, string member) =>
        !row.TryGetProperty(member, out var value) || value.ValueKind == JsonValueKind.Null ? ""
        : value.ValueKind == JsonValueKind.String ? value.GetString()!
        : Json.Compact(value);

    private static string Quoted(string cell) =>
        cell.AsSpan().ContainsAny(s_special) ? "\"" + cell.Replace("\"", "\"\"") + "\"" : cell;
}
