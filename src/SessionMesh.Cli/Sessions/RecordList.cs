using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// <c>{"ok":true,"count":N,"sessions":[…]}</c> for any number of them. The count comes first, so that all must be there before any is
/// printed: they are kept as bytes, a few hundred each, and printed one by one. As one document a million would take gigabytes.
/// </summary>
internal sealed class RecordList
{
    private const string Indent = "    ";
    private readonly List<byte[]> _records = [];

    /// <param name="fields">The members to keep, in this order; null keeps all.</param>
    public void Add(JsonElement record, IReadOnlyList<string>? fields) =>
        _records.Add(Encoding.UTF8.GetBytes(Json.Compact(fields is null ? record : Json.Select(record, fields))));

    /// <summary>Just as the document would be printed as a whole.</summary>
    public void Print(TextWriter output)
    {
        output.Write($"{{\n  \"ok\": true,\n  \"count\": {_records.Count},\n  \"sessions\": [");
        for (var i = 0; i < _records.Count; i++)
        {
            using var record = JsonDocument.Parse(_records[i]);
            var lines = TerminalText.EscapeJson(Json.Indented(record.RootElement)).Replace("\n", "\n" + Indent, StringComparison.Ordinal);
            output.Write($"{(i == 0 ? "" : ",")}\n{Indent}{lines}");
        }

        output.WriteLine(_records.Count == 0 ? "]\n}" : "\n  ]\n}");
    }
}
