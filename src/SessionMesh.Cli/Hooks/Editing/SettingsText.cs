using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks.Editing;

/// <summary>
/// The text of a settings file, edited by putting in and cutting out. Nothing else moves: what was put in and is cut out again leaves every
/// character as it was. Immutable.
/// </summary>
internal sealed class SettingsText
{
    private readonly IReadOnlySet<int> _lineComments;

    private SettingsText(string text, SettingsDialect dialect)
    {
        (Text, Dialect) = (text, dialect);
        (Root, _lineComments) = SettingsParser.Parse(text, dialect);
    }

    public string Text { get; }

    public SettingsDialect Dialect { get; }

    public SettingsNode Root { get; }

    private string NewLine => Text.IndexOf('\n') is > 0 and var first && Text[first - 1] == '\r' ? "\r\n" : "\n";

    /// <exception cref="SettingsFault">The agent's program would not read it.</exception>
    public static SettingsText Parse(string text, SettingsDialect dialect) => new(text, dialect);

    /// <summary>A value at the end of an object or an array of this text.</summary>
    /// <param name="name">Its key, in an object.</param>
    public SettingsText Add(SettingsNode container, string? name, JsonElement value)
    {
        var isFlat = IsFlat(container.Items.Count > 0 ? container : Root);
        var indent = IndentWithin(container);
        var item = (isFlat ? " " : NewLine + indent) + Written(name, value, isFlat ? null : indent);
        if (container.Items is not [.., var last])
        {
            var open = isFlat ? container.Start + 1 : AfterComments(container.Start + 1);
            var hasBreak = isFlat || Text.AsSpan(open, container.End - 1 - open).Contains('\n');
            return Splice(open, open, (isFlat ? item[1..] : item) + (hasBreak ? "" : NewLine + IndentOf(container.Start)));
        }

        var after = last.Comma < 0 ? last.End : last.Comma + 1;
        var place = isFlat ? after : AfterComments(after);
        return last.Comma < 0
            ? new(Text[..last.End] + "," + Text[last.End..place] + item + Text[place..], Dialect)
            : Splice(place, place, item + ",");
    }

    /// <summary>Without an item of an object or an array of this text, and without what was put in with it.</summary>
    /// <param name="was">What stood between the brackets before anything was put in; null where that is not known.</param>
    public SettingsText Remove(SettingsNode container, int index, string? was)
    {
        var item = container.Items[index];
        var start = item.ItemStart;
        while (SettingsParser.IsBlank(Text[start - 1], Dialect))
        {
            start--;
        }

        if (_lineComments.Contains(start) && Text[AfterItem(item)] is not ('\n' or '\r'))
        {
            // The comment must not swallow what follows.
            start = Text.IndexOf('\n', start) is var line && line >= 0 && line < item.ItemStart ? line + 1 : item.ItemStart;
        }

        if (container.Items.Count == 1 && item.Comma < 0)
        {
            var inner = Text[(container.Start + 1)..start] + Text[item.End..(container.End - 1)];
            return Splice(
                container.Start + 1, container.End - 1,
                was is not null && was.Trim() == inner.Trim() ? was : inner.Trim() is "" ? "" : inner);
        }

        var comma = item.Comma >= 0 ? item.Comma : container.Items[index - 1].Comma;
        return new(
            comma > start
                ? Text[..start] + Text[item.End..comma] + Text[(comma + 1)..]
                : Text[..comma] + Text[(comma + 1)..start] + Text[item.End..],
            Dialect);
    }

    /// <summary>What stands between the brackets of an object or array.</summary>
    public string Inner(SettingsNode container) => Text[(container.Start + 1)..(container.End - 1)];

    private static int AfterItem(SettingsNode item) => item.Comma < 0 ? item.End : item.Comma + 1;

    private SettingsText Splice(int start, int end, string by) => new(string.Concat(Text.AsSpan(0, start), by, Text.AsSpan(end)), Dialect);

    private bool IsFlat(SettingsNode node) =>
        node.Items.Count > 0 && !Text.AsSpan(node.Start, node.End - node.Start).Contains('\n');

    /// <summary>Comments behind a value, on its line, are about that value.</summary>
    private int AfterComments(int at)
    {
        for (var next = at; next < Text.Length;)
        {
            if (Text[next] is ' ' or '\t')
            {
                next++;
            }
            else if (Dialect != SettingsDialect.Json && Text.AsSpan(next).StartsWith("//"))
            {
                var end = Text.AsSpan(next).IndexOfAny('\n', '\r');
                return end < 0 ? Text.Length : next + end;
            }
            else if (Dialect != SettingsDialect.Json && Text.AsSpan(next).StartsWith("/*"))
            {
                at = next = Text.IndexOf("*/", next + 2, StringComparison.Ordinal) + 2;
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private string IndentWithin(SettingsNode container) =>
        container.Items.FindLast(item => IndentBefore(item.ItemStart) is not null) is { } shown
            ? IndentBefore(shown.ItemStart)!
            : IndentOf(container.Start) + Unit();

    /// <summary>One level, as the file has it: what stands before the first thing in it.</summary>
    private string Unit() =>
        Root.Items.Select(item => IndentBefore(item.ItemStart)).FirstOrDefault(indent => indent is { Length: > 0 }) ?? "  ";

    /// <summary>What stands before a place on its line; null where that is more than blanks.</summary>
    private string? IndentBefore(int place)
    {
        var line = Text.LastIndexOf('\n', Math.Max(place - 1, 0)) + 1;
        var before = Text[line..place];
        return line > 0 && before.AsSpan().ContainsAnyExcept(' ', '\t') ? null : line > 0 ? before : null;
    }

    /// <summary>How far the line is indented on which something stands.</summary>
    private string IndentOf(int place)
    {
        var line = place == 0 ? 0 : Text.LastIndexOf('\n', place - 1) + 1;
        var end = line;
        while (end < place && Text[end] is ' ' or '\t')
        {
            end++;
        }

        return Text[line..end];
    }

    /// <param name="indent">Of the line it begins on; null for all on one line.</param>
    private string Written(string? name, JsonElement value, string? indent)
    {
        var to = new StringBuilder();
        if (name is not null)
        {
            to.Append(Json.Compact(Json.Value(name))).Append(": ");
        }

        if (indent is null)
        {
            return to.Append(Json.Compact(value)).ToString();
        }

        Write(to, value, indent, Unit());
        return to.ToString();
    }

    private void Write(StringBuilder to, JsonElement value, string indent, string unit)
    {
        if (value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            to.Append(Json.Compact(value));
            return;
        }

        var isObject = value.ValueKind == JsonValueKind.Object;
        var items = isObject
            ? value.EnumerateObject().Select(member => (Name: (string?)member.Name, member.Value)).ToList()
            : [.. value.EnumerateArray().Select(item => (Name: (string?)null, Value: item))];
        to.Append(isObject ? '{' : '[');
        for (var i = 0; i < items.Count; i++)
        {
            to.Append(i == 0 ? "" : ",").Append(NewLine).Append(indent).Append(unit);
            if (items[i].Name is { } name)
            {
                to.Append(Json.Compact(Json.Value(name))).Append(": ");
            }

            Write(to, items[i].Value, indent + unit, unit);
        }

        if (items.Count > 0)
        {
            to.Append(NewLine).Append(indent);
        }

        to.Append(isObject ? '}' : ']');
    }
}
