using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Watch;

/// <summary>Where the rows go that are watched.</summary>
internal interface IWatchOutput
{
    void Show(IReadOnlyList<JsonElement> rows);

    void End();
}

/// <summary>
/// The rows as a table that is drawn over itself, in what the terminal has of lines; what is longer than a line ends at its edge. The
/// cursor is hidden meanwhile, and stands below the table, so that what is said on stderr is read.
/// </summary>
internal sealed class WatchScreen(CommandContext context, IWatched watched) : IWatchOutput
{
    private const string Clear = "\e[?25l\e[2J";
    private const string Home = "\e[H\e[?7l";
    private const string EndOfLine = "\e[K\n";
    private const string Rest = "\e[J\e[?7h";
    private const string ShowCursor = "\e[?25h";

    private (int?, int?)? _size;

    public void Show(IReadOnlyList<JsonElement> rows)
    {
        var size = context.Host.SizeNow();
        var (width, height) = size;
        var lines = watched.Draw(rows, width)
            .Prepend($"{rows.Count} {(rows.Count == 1 ? "row" : "rows")} at {context.Host.Time.GetUtcNow():HH:mm:ss} UTC; Ctrl+C ends")
            .ToList();
        var most = Math.Max(2, (height ?? int.MaxValue) - 1);
        if (lines.Count > most)
        {
            lines = [.. lines.Take(most - 1), $"… {lines.Count - most + 1} more lines: there is no room for them"];
        }

        var output = context.Host.Out;
        output.Write(_size == size ? Home : Clear + Home);
        _size = size;
        foreach (var line in lines)
        {
            output.Write(line + EndOfLine);
        }

        output.Write(Rest);
        output.Flush();
    }

    public void End()
    {
        if (_size is not null)
        {
            context.Host.Out.Write(ShowCursor);
            context.Host.Out.Flush();
        }
    }
}

/// <summary>A line for each row that is added, has changed or is removed: <c>{"change","row"}</c>. At first every row is added.</summary>
internal sealed class WatchChanges(OutputWriter output, IWatched watched) : IWatchOutput
{
    private Dictionary<string, (JsonElement Row, string Text)> _known = new(StringComparer.Ordinal);

    public void Show(IReadOnlyList<JsonElement> rows)
    {
        var now = new Dictionary<string, (JsonElement Row, string Text)>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var (name, text) = (watched.View.NameOf(row) ?? "", Settled(row));
            now[name] = (row, text);
            if (!_known.TryGetValue(name, out var before))
            {
                Write("added", row);
            }
            else if (before.Text != text)
            {
                Write("changed", row);
            }
        }

        foreach (var (name, gone) in _known.Where(known => !now.ContainsKey(known.Key)))
        {
            _ = name;
            Write("removed", gone.Row);
        }

        _known = now;
        output.Flush();
    }

    public void End()
    {
    }

    private string Settled(JsonElement row) =>
        Json.Compact(watched.Restless.Where(member => row.TryGetProperty(member, out _)).Aggregate(row, Json.Without));

    private void Write(string change, JsonElement row) => output.WriteObject(Json.Build(json =>
    {
        json.WriteString("change"u8, change);
        json.WritePropertyName("row"u8);
        output.Selected(row).WriteTo(json);
    }));
}
