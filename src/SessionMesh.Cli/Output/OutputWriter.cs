using System.Text.Json;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Output;

/// <summary>Prints answers to standard output in the format asked for. What it prints is data; prose goes elsewhere.</summary>
internal sealed class OutputWriter(CliHost host, OutputFormat format, IReadOnlyList<string>? fields, bool headers = true)
{
    private readonly TableText _table = new(host.Width, host.ColorOn(host.OutIsTerminal), headers);
    private TextWriter _out = host.Out;
    private bool _begun;

    public OutputFormat Format => format;

    public IReadOnlyList<string>? Fields => fields;

    /// <summary>Whether a program reads the output: then errors are JSON documents, too.</summary>
    public bool IsJson => format is OutputFormat.Json or OutputFormat.Jsonl;

    /// <summary>Whether a person reads the output.</summary>
    public bool IsTable => format is OutputFormat.Table or OutputFormat.Wide;

    public void WriteLine(string text) => _out.WriteLine(TerminalText.Escape(text));

    /// <summary>Prints one whole answer.</summary>
    public void Write(JsonElement document, View view)
    {
        switch (format)
        {
            case OutputFormat.Json:
                _out.WriteLine(TerminalText.EscapeJson(Json.Indented(Selected(document, view))));
                break;
            case OutputFormat.Yaml:
                _out.Write(YamlText.Of(Selected(document, view)));
                break;
            case OutputFormat.Table or OutputFormat.Wide when view.Vertical:
                Lines(_table.Vertical(ColumnsOf(view), view.Rows(document).Single(), host.Time.GetUtcNow()));
                break;
            case OutputFormat.Table or OutputFormat.Wide:
                WriteTable([.. view.Rows(document)], view);
                break;
            default:
                foreach (var row in view.Rows(document))
                {
                    WriteRow(row, view);
                }

                WriteEnd(view);
                break;
        }
    }

    /// <summary>Prints rows as one table.</summary>
    public void WriteTable(IReadOnlyList<JsonElement> rows, View view) => Lines(_table.Lines(ColumnsOf(view), rows, host.Time.GetUtcNow()));

    /// <summary>
    /// Prints rows as one table: on a terminal through a pager, if it is longer than the screen. Waits for the pager's end.
    /// </summary>
    public void PageTable(IReadOnlyList<JsonElement> rows, View view)
    {
        using var pager = Pager.For(host);
        try
        {
            _out = (TextWriter?)pager ?? host.Out;
            WriteTable(rows, view);
        }
        finally
        {
            _out = host.Out;
        }
    }

    /// <summary>
    /// Prints one row of an endless answer, at once: an object a line under <c>json</c>, a header once under <c>table</c>.
    /// </summary>
    public void WriteRow(JsonElement row, View view)
    {
        switch (format)
        {
            case OutputFormat.Json or OutputFormat.Jsonl:
                _out.WriteLine(TerminalText.EscapeJson(Json.Compact(Selected(row))));
                break;
            case OutputFormat.Name:
                if (view.NameOf(row) is { } name)
                {
                    WriteLine(name);
                }

                break;
            case OutputFormat.Csv:
                WriteCsvHeader(view);
                _out.Write(CsvText.Line(row, MembersOf(view)));
                break;
            case OutputFormat.Yaml:
                _out.Write("---\n" + YamlText.Of(Selected(row)));
                break;
            default:
                Lines(_table.StreamedLines(ColumnsOf(view), row, host.Time.GetUtcNow()));
                break;
        }

        _begun = true;
    }

    /// <summary>Prints what is due when there was no row: the header of a CSV file.</summary>
    public void WriteEnd(View view)
    {
        if (format is OutputFormat.Csv)
        {
            WriteCsvHeader(view);
        }
    }

    /// <summary>A table as lines, fitted to a terminal of that width.</summary>
    public IEnumerable<string> TableLines(IReadOnlyList<JsonElement> rows, View view, int? width) =>
        new TableText(width, host.ColorOn(host.OutIsTerminal), headers).Lines(ColumnsOf(view), rows, host.Time.GetUtcNow());

    /// <summary>One row as lines, a member each.</summary>
    public IEnumerable<string> VerticalLines(JsonElement row, View view) => _table.Vertical(ColumnsOf(view), row, host.Time.GetUtcNow());

    /// <summary>One object on one line, as it is.</summary>
    public void WriteObject(JsonElement value) => _out.WriteLine(TerminalText.EscapeJson(Json.Compact(value)));

    /// <summary>A row with the members asked for.</summary>
    public JsonElement Selected(JsonElement row) => fields is null ? row : Json.Select(row, fields);

    /// <summary>Text of a document that is written piece by piece.</summary>
    public void WritePiece(string json) => _out.Write(TerminalText.EscapeJson(json));

    public void Flush() => _out.Flush();

    private void WriteCsvHeader(View view)
    {
        if (!_begun && headers)
        {
            _out.Write(CsvText.Line(MembersOf(view)));
        }

        _begun = true;
    }

    private void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            _out.WriteLine(line);
        }
    }

    private JsonElement Selected(JsonElement document, View view) =>
        fields is null ? document
        : view.RowMember is not null ? Json.Replace(document, view.RowMember, Json.Select(document.GetProperty(view.RowMember), fields))
        : view.RowsMember is null ? Json.Select(document, fields)
        : Json.Replace(document, view.RowsMember, view.Rows(document).Select(row => Json.Select(row, fields)));

    private IReadOnlyList<Column> ColumnsOf(View view) =>
        fields is not null ? [.. fields.Select(Column.Of)]
        : format is OutputFormat.Wide ? [.. view.Table, .. view.More]
        : view.Table;

    private IReadOnlyList<string> MembersOf(View view) =>
        fields ?? [.. view.Table.Concat(view.More).Select(column => column.Member)];
}
