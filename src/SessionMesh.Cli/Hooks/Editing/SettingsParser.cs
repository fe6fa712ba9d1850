using System.Globalization;
using System.Text.Json;

namespace SessionMesh.Cli.Hooks.Editing;

/// <summary>
/// Reads a settings file for the places of what is in it. Nothing is dropped, and nothing is put right: the text is edited at these places.
/// </summary>
internal sealed class SettingsParser
{
    private const int Deepest = 100;

    private readonly string _text;
    private readonly SettingsDialect _dialect;
    private readonly HashSet<int> _lineComments = [];
    private int _at;
    private int _depth;

    private SettingsParser(string text, SettingsDialect dialect) => (_text, _dialect) = (text, dialect);

    private bool HasMore => _at < _text.Length;

    private char Now => HasMore ? _text[_at] : '\0';

    /// <returns>The value, and the places where a comment ends that lasts to the end of its line.</returns>
    /// <exception cref="SettingsFault">The agent's program would not read it.</exception>
    public static (SettingsNode Root, IReadOnlySet<int> LineComments) Parse(string text, SettingsDialect dialect)
    {
        var parser = new SettingsParser(text, dialect);
        if (text.StartsWith('\uFEFF'))
        {
            parser._at = 1;
        }

        parser.SkipBlank();
        var root = parser.ReadValue();
        parser.SkipBlank();
        return parser.HasMore ? throw parser.Fault("something follows the end of the settings") : (root, parser._lineComments);
    }

    public static bool IsBlank(char c, SettingsDialect dialect) =>
        c is ' ' or '\t' or '\n' or '\r'
        || (dialect == SettingsDialect.Json5
            && (c is '\v' or '\f' or '\uFEFF' or '\u2028' or '\u2029' || char.GetUnicodeCategory(c) == UnicodeCategory.SpaceSeparator));

    private SettingsNode ReadValue()
    {
        if (!HasMore)
        {
            throw Fault("the file ends where a value is due");
        }

        return Now switch
        {
            '{' => ReadContainer(NodeKind.Object, '}'),
            '[' => ReadContainer(NodeKind.Array, ']'),
            '"' => ReadTextNode(),
            '\'' when _dialect == SettingsDialect.Json5 => ReadTextNode(),
            _ => ReadWord(),
        };
    }

    private SettingsNode ReadContainer(NodeKind kind, char close)
    {
        if (++_depth > Deepest)
        {
            throw Fault($"more than {Deepest} levels");
        }

        var node = new SettingsNode { Kind = kind, Start = _at++ };
        SkipBlank();
        while (Now != close || !HasMore)
        {
            var item = ReadItem(kind, close);
            node.Items.Add(item);
            SkipBlank();
            if (Now == ',')
            {
                item.Comma = _at++;
                SkipBlank();
                if (Now == close && _dialect != SettingsDialect.Json5)
                {
                    _at = item.Comma;
                    throw Fault($"a comma with nothing after it before {close}");
                }
            }
            else if (Now != close)
            {
                throw Fault(HasMore ? $"a comma or {close} is due here" : $"the file ends where a comma or {close} is due");
            }
        }

        node.End = ++_at;
        _depth--;
        return node;
    }

    private SettingsNode ReadItem(NodeKind kind, char close)
    {
        if (!HasMore)
        {
            throw Fault($"the file ends where {close} is due");
        }

        var start = _at;
        if (kind == NodeKind.Array)
        {
            var item = ReadValue();
            item.ItemStart = start;
            return item;
        }

        var name = ReadKey();
        SkipBlank();
        if (Now != ':')
        {
            throw Fault("a colon is due here");
        }

        _at++;
        SkipBlank();
        var value = ReadValue();
        (value.Name, value.ItemStart) = (name, start);
        return value;
    }

    private string ReadKey()
    {
        if (Now is '"' || (Now is '\'' && _dialect == SettingsDialect.Json5))
        {
            return ReadText();
        }

        var start = _at;
        while (_dialect == SettingsDialect.Json5 && HasMore && (char.IsLetterOrDigit(Now) || Now is '_' or '$' or '\u200C' or '\u200D'))
        {
            _at++;
        }

        return _at > start && !char.IsDigit(_text[start]) ? _text[start.._at] : throw Fault("a key in quotes is due here");
    }

    private SettingsNode ReadTextNode()
    {
        var start = _at;
        var text = ReadText();
        return new SettingsNode { Kind = NodeKind.Text, Start = start, ItemStart = start, End = _at, Text = text };
    }

    private string ReadText()
    {
        var start = _at;
        var quote = _text[_at++];
        var text = new System.Text.StringBuilder();
        while (Now != quote)
        {
            if (!HasMore)
            {
                _at = start;
                throw Fault("this text has no end");
            }

            if (Now is '\n' or '\r' || (Now < ' ' && _dialect != SettingsDialect.Json5))
            {
                throw Fault("a control character within a text");
            }

            if (Now == '\\')
            {
                ReadEscape(text);
            }
            else
            {
                text.Append(_text[_at++]);
            }
        }

        _at++;
        return text.ToString();
    }

    private void ReadEscape(System.Text.StringBuilder to)
    {
        var start = _at++;
        var c = Now;
        _at++;
        var plain = c switch
        {
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '"' or '\\' or '/' => c,
            'u' => ReadHex(4, start),
            _ when _dialect != SettingsDialect.Json5 => Unknown(),
            'x' => ReadHex(2, start),
            'v' => '\v',
            '0' => '\0',
            >= '1' and <= '9' => Unknown(),
            _ => c,
        };
        if (c == '\r' && Now == '\n')
        {
            _at++;
        }

        // A line that goes on in the next one.
        if (c is not ('\n' or '\r' or '\u2028' or '\u2029'))
        {
            to.Append(plain);
        }

        char Unknown()
        {
            _at = start;
            throw Fault("an escape that the format does not have");
        }
    }

    private char ReadHex(int digits, int start)
    {
        if (_at + digits <= _text.Length
            && ushort.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
        {
            _at += digits;
            return (char)code;
        }

        _at = start;
        throw Fault("an escape that the format does not have");
    }

    private SettingsNode ReadWord()
    {
        var start = _at;
        while (HasMore && (char.IsAsciiLetterOrDigit(Now) || Now is '+' or '-' or '.' or '_' or '$'))
        {
            _at++;
        }

        var word = _text[start.._at];
        if (IsWord(word))
        {
            return new SettingsNode { Kind = NodeKind.Other, Start = start, ItemStart = start, End = _at, Text = word };
        }

        _at = start;
        throw Fault("a value is due here");
    }

    private bool IsWord(string word)
    {
        if (word is "true" or "false" or "null")
        {
            return true;
        }

        if (_dialect == SettingsDialect.Json5)
        {
            var bare = word is ['+' or '-', ..] ? word[1..] : word;
            return bare is "Infinity" or "NaN"
                || (bare is ['0', 'x' or 'X', _, ..] && bare.Skip(2).All(char.IsAsciiHexDigit))
                || (bare is [(>= '0' and <= '9') or '.', ..]
                    && double.TryParse(
                        bare, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out _));
        }

        if (word is not [(>= '0' and <= '9') or '-', ..])
        {
            return false;
        }

        try
        {
            using var parsed = JsonDocument.Parse(word);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void SkipBlank()
    {
        while (HasMore)
        {
            if (IsBlank(Now, _dialect))
            {
                _at++;
            }
            else if (_text.AsSpan(_at).StartsWith("//"))
            {
                NeedsComments();
                var end = _text.AsSpan(_at).IndexOfAny('\n', '\r');
                _at = end < 0 ? _text.Length : _at + end;
                _lineComments.Add(_at);
            }
            else if (_text.AsSpan(_at).StartsWith("/*"))
            {
                NeedsComments();
                var end = _text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                _at = end < 0 ? throw Fault("this comment has no end") : end + 2;
            }
            else
            {
                return;
            }
        }
    }

    private void NeedsComments()
    {
        if (_dialect == SettingsDialect.Json)
        {
            throw Fault("a comment, which this file cannot have");
        }
    }

    private SettingsFault Fault(string what) => new(_text, Math.Min(_at, _text.Length), what);
}
