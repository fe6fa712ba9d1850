using System.Buffers;
using System.Text;
using System.Text.Json;

namespace SessionMesh.Cli.Output;

/// <summary>A list as one indented JSON document, printed row by row: however long it is, only the row at hand is in memory.</summary>
internal sealed class JsonList : IDisposable
{
    private readonly OutputWriter _output;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    /// <param name="rows">The member that holds the rows.</param>
    public JsonList(OutputWriter output, string rows)
    {
        _output = output;
        _json = new Utf8JsonWriter(_buffer, Json.IndentedOptions);
        _json.WriteStartObject();
        _json.WriteStartArray(rows);
    }

    public void Add(JsonElement row)
    {
        _output.Selected(row).WriteTo(_json);
        Print();
    }

    /// <summary>Ends the rows; <paramref name="members"/> writes what the document says beside them.</summary>
    public void End(Action<Utf8JsonWriter> members)
    {
        _json.WriteEndArray();
        members(_json);
        _json.WriteEndObject();
        Print();
        _output.WritePiece("\n");
    }

    public void Dispose() => _json.Dispose();

    private void Print()
    {
        _json.Flush();
        _output.WritePiece(Encoding.UTF8.GetString(_buffer.WrittenSpan));
        _buffer.ResetWrittenCount();
    }
}
