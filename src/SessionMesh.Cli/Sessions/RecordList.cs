using System.Buffers;
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
    private readonly List<byte[]> _records = [];

    /// <param name="fields">The members to keep, in this order; null keeps all.</param>
    public void Add(JsonElement record, IReadOnlyList<string>? fields) =>
        _records.Add(Encoding.UTF8.GetBytes(Json.Compact(fields is null ? record : Json.Select(record, fields))));

    /// <summary>Just as the document would be printed as a whole.</summary>
    public void Print(TextWriter output)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, Json.IndentedOptions);
        json.WriteStartObject();
        json.WriteBoolean("ok"u8, true);
        json.WriteNumber("count"u8, _records.Count);
        json.WriteStartArray("sessions"u8);
        foreach (var bytes in _records)
        {
            using var record = JsonDocument.Parse(bytes);
            record.RootElement.WriteTo(json);
            PrintWritten();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        PrintWritten();
        output.WriteLine();

        void PrintWritten()
        {
            json.Flush();
            output.Write(TerminalText.EscapeJson(Encoding.UTF8.GetString(buffer.WrittenSpan)));
            buffer.ResetWrittenCount();
        }
    }
}
