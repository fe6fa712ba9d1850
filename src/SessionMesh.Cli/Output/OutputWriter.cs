using System.Text.Json;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Output;

/// <summary>Prints answers to standard output in the format asked for. What it prints is data; prose goes elsewhere.</summary>
internal sealed class OutputWriter(CliHost host, OutputFormat format, IReadOnlyList<string>? fields)
{
    private readonly TableText _table = new(host.Width, host.ColorOn(host.OutIsTerminal));
    private bool _begun;

    public OutputFormat Format => format;

    public IReadOnlyList<string>? Fields => fields;

    /// <summary>Whether a program reads the output: then errors are JSON documents, too.</summary>
    public bool IsJson => format is OutputFormat.Json or OutputFormat.Jsonl;

    /// <summary>Whether a person reads the output.</summary>
    public bool IsTable => format is OutputFormat.Table or OutputFormat.Wide;

    public void WriteLine(string text) => host.Out.WriteLine(TerminalText.Escape(text));

    /// <summary>Prints one whole answer.</summary>
    public void Write(JsonElement document, View view)
    {
        switch (format)
        {
            case OutputFormat.Json:
                host.Out.WriteLine(TerminalText.EscapeJson(Json.Indented(Selected(document, view))));
                break;
            case OutputFormat.Yaml:
                host.Out.Write(YamlText.Of(Selected(document, view)));
                break;
            case OutputFormat.Table or OutputFormat.Wide when view.Vertical:
                Lines(_table.Vertical(ColumnsOf(view), view.Rows(document).Single(), host.Time.GetUtcNow()));
                break;
            case OutputFormat.Table or OutputFormat.Wide:
                Lines(_table.Lines(ColumnsOf(view), view.Rows(document), host.Time.GetUtcNow()));
                break;
            default:
                foreach (var row in view.Rows(document))
                {
                    WriteRow(row, view);
                }

                if (format is OutputFormat.Csv && !_begun)
                {
                    host.Out.Write(CsvText.Line(MembersOf(view)));
                }

                break;
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
                host.Out.WriteLine(TerminalText.EscapeJson(Json.Compact(fields is null ? row : Json.Select(row, fields))));
                break;
            case OutputFormat.Name:
                if (view.NameOf(row) is { } name)
                {
                    WriteLine(name);
                }

                break;
            case OutputFormat.Csv:
                if (!_begun)
                {
                    host.Out.Write(CsvText.Line(MembersOf(view)));
                }

                host.Out.Write(CsvText.Line(row, MembersOf(view)));
                break;
            case OutputFormat.Yaml:
                host.Out.Write("---\n" + YamlText.Of(fields is null ? row : Json.Select(row, fields)));
                break;
            default:
                Lines(_table.Lines(ColumnsOf(view), [row], host.Time.GetUtcNow(), streaming: true).Skip(_begun ? 1 : 0));
                break;
        }

        _begun = true;
    }

    public void Flush() => host.Out.Flush();

    private void Lines(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            host.Out.WriteLine(line);
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
