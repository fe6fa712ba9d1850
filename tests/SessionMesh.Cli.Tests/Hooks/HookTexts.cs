using System.Text;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary>
/// Settings of agents as people have them: odd order, tabs, blank lines, comments where the format takes them, hooks of others. The same
/// seed gives the same text.
/// </summary>
internal sealed class HookTexts(int seed, bool hasComments, bool isJson5, string[] events)
{
    private readonly Random _random = new(seed);
    private readonly StringBuilder _text = new();
    private string _newLine = "\n";
    private string _unit = "  ";
    private bool _isFlat;

    public string Make()
    {
        _newLine = Chance(4) ? "\r\n" : "\n";
        _unit = One("  ", "    ", "\t", "   ");
        _isFlat = Chance(6);
        if (Chance(8))
        {
            _text.Append('\uFEFF');
        }

        Blank(0);
        Object(0, isRoot: true);
        if (Chance(2))
        {
            _text.Append(_newLine);
        }

        return _text.ToString();
    }

    private void Object(int level, bool isRoot)
    {
        var members = new List<(string, Action)>();
        foreach (var name in (string[])["model", "permissions", "env", "ünïcode \\\" key"])
        {
            if (Chance(2))
            {
                members.Add((name, () => Value(level + 1)));
            }
        }

        if (isRoot && !Chance(3))
        {
            members.Insert(_random.Next(members.Count + 1), ("hooks", () => Hooks(level + 1)));
        }

        Container('{', '}', level, [.. members.Select(member => (Action)(() =>
        {
            Key(member.Item1);
            member.Item2();
        }))]);
    }

    private void Hooks(int level) => Container('{', '}', level, [.. events.Where(_ => Chance(3)).OrderBy(_ => _random.Next()).Select(name =>
        (Action)(() =>
        {
            Key(name);
            Container('[', ']', level + 1, [.. Enumerable.Range(0, _random.Next(3)).Select(_ => (Action)(() => Group(level + 2)))]);
        }))]);

    private void Group(int level)
    {
        var members = new List<Action> { () => Handlers(level) };
        if (Chance(2))
        {
            members.Insert(_random.Next(2), () =>
            {
                Key("matcher");
                _text.Append("\"Bash|Edit\"");
            });
        }

        Container('{', '}', level, members);
    }

    private void Handlers(int level)
    {
        Key("hooks");
        Container('[', ']', level + 1, [.. Enumerable.Range(0, _random.Next(3)).Select(_ => (Action)(() => _text.Append(One(
            """{"type":"command","command":"echo session-mesh hook claude-code"}""",
            """{ "timeout" : 5, "command":"/usr/bin/lint && session-mesh hook codex", "type":"command" }""",
            """{"type":"http","url":"http://127.0.0.1:9/api/session-mesh/hooks/claude-code/other"}"""))))]);
    }

    private void Value(int level)
    {
        if (level < 4 && Chance(3))
        {
            Object(level, isRoot: false);
        }
        else if (level < 4 && Chance(3))
        {
            Container('[', ']', level, [.. Enumerable.Range(0, _random.Next(3)).Select(_ => (Action)(() => Value(level + 1)))]);
        }
        else
        {
            _text.Append(One(
                "1.5e-3", "true", "null", "\"\"", "\"// no comment\"", "\"a \\\"quoted\\\" {word\"", isJson5 ? "'it\"s'" : "-0"));
        }
    }

    private void Key(string name)
    {
        var isBare = isJson5 && name.All(char.IsAsciiLetter) && Chance(2);
        _text.Append(isBare ? name : $"\"{name}\"").Append(One("", " ")).Append(':').Append(One("", " ", "  "));
    }

    private void Container(char open, char close, int level, List<Action> items)
    {
        _text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            Blank(level + 1);
            items[i]();
            if (i < items.Count - 1 || (isJson5 && Chance(3)))
            {
                _text.Append(',');
            }
        }

        Blank(level);
        _text.Append(close);
    }

    private void Blank(int level)
    {
        if (_isFlat)
        {
            _text.Append(One("", " "));
            return;
        }

        if (hasComments && Chance(5))
        {
            _text.Append(One(" // it's { theirs", "/* [ */", " /* over" + _newLine + " two lines */ ", "//"));
            _text.Append(_newLine);
        }

        if (!Chance(5))
        {
            _text.Append(One("", " ", "")).Append(_newLine).Append(Chance(9) ? _newLine : "").Insert(_text.Length, _unit, level);
        }
    }

    private bool Chance(int of) => _random.Next(of) == 0;

    private string One(params string[] of) => of[_random.Next(of.Length)];
}
