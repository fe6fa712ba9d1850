using System.Globalization;
using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Tests.Sessions.Calls;

/// <summary>One call of <c>session</c>, what is done before it, and what it answers.</summary>
/// <param name="Before">Its lines up to the call, as they stand in the file.</param>
/// <param name="Words">What is typed behind <c>session-mesh session</c>.</param>
/// <param name="Answer">The recorded answer, as the lines that <see cref="CallFile.Show"/> makes of one.</param>
internal sealed record Call(IReadOnlyList<string> Before, string Words, IReadOnlyList<string> Answer);

/// <summary>Calls in a row, on a server of their own.</summary>
internal sealed record Scenario(string Title, List<Call> Calls);

/// <summary>
/// A file of recorded calls, to be read by people. Each line begins with what it is:
/// <code>
/// == Title        a scenario: a fresh server, a fresh home, 2026-01-31T08:15:30Z
/// # words         a remark
/// ~ words         the answer is deliberately not the script's: the first cell of the row of docs/sessions.md that says so
/// @ advance N     time passes, in seconds
/// @ terminal N    standard output and error are a terminal of N columns from now on; 0 for none
/// @ file NAME     the lines below with &lt; are a file in the home directory; @ stdin for standard input
/// @ cat NAME      what that file holds is shown after the next answer
/// $ words         the call, in words of a shell: '…' as it is, "…" with \n, \t, \e, \xHH, \uHHHH
/// = N             its exit code, where that is not 0
/// > json          a JSON document on standard output, which is printed there with two blanks a level
/// | text          any other line there; ␍ is a carriage return, and ⏎ at the end says that no line end follows
/// ! text          a line on standard error
/// : text          a line of the file that is shown
/// </code>
/// What a server makes up is named in order: <c>#1</c> is the first id of a session. <c>~</c> is the home directory, <c>http://mesh</c> the
/// server.
/// </summary>
internal static class CallFile
{
    public static List<Scenario> Read(string path)
    {
        var scenarios = new List<Scenario>();
        var before = new List<string>();
        string? words = null;
        var answer = new List<string>();
        foreach (var line in File.ReadLines(path).Append("== end"))
        {
            var isAnswer = line.Length > 0 && "=>|!:".Contains(line[0], StringComparison.Ordinal)
                && !line.StartsWith("==", StringComparison.Ordinal);
            if (isAnswer)
            {
                answer.Add(line);
                continue;
            }

            if (words is not null)
            {
                scenarios[^1].Calls.Add(new Call([.. before], words, [.. answer]));
                (words, before, answer) = (null, [], []);
            }

            if (line.StartsWith("== ", StringComparison.Ordinal))
            {
                scenarios.Add(new Scenario(line[3..], []));
                scenarios[^1] = scenarios[^1] with { Title = line[3..] };
            }
            else if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                words = line[2..];
            }
            else
            {
                before.Add(line);
            }
        }

        scenarios.RemoveAt(scenarios.Count - 1);
        return scenarios;
    }

    /// <summary>The words of a call, or of a line of a file.</summary>
    public static List<string> Split(string line)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        for (var i = 0; i < line.Length; i++)
        {
            switch (line[i])
            {
                case ' ':
                    if (word is not null)
                    {
                        words.Add(word.ToString());
                        word = null;
                    }

                    break;
                case '\'' or '"':
                    var quote = line[i];
                    word ??= new StringBuilder();
                    var end = quote == '\'' ? line.IndexOf('\'', i + 1) : EndOf(line, i + 1);
                    word.Append(quote == '\'' ? line[(i + 1)..end] : Unescaped(line[(i + 1)..end]));
                    i = end;
                    break;
                default:
                    (word ??= new StringBuilder()).Append(line[i]);
                    break;
            }
        }

        return word is null ? words : [.. words, word.ToString()];
    }

    /// <summary>Text with escapes, a byte a letter where it says so.</summary>
    public static byte[] Bytes(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i..].StartsWith("\\x", StringComparison.Ordinal))
            {
                bytes.Add(byte.Parse(text.AsSpan(i + 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 3;
            }
            else
            {
                var length = char.IsHighSurrogate(text[i]) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(i, length)));
                i += length - 1;
            }
        }

        return [.. bytes];
    }

    /// <summary>An answer as lines of the file.</summary>
    public static IEnumerable<string> Show(Ran ran, string? file)
    {
        if (ran.Code != 0)
        {
            yield return $"= {ran.Code}";
        }

        if (Document(ran.Out) is { } document)
        {
            yield return "> " + document;
        }
        else
        {
            foreach (var line in Lines(ran.Out))
            {
                yield return "| " + line;
            }
        }

        foreach (var line in Lines(ran.Error))
        {
            yield return "! " + line;
        }

        foreach (var line in file is null ? [] : Lines(file))
        {
            yield return ": " + line;
        }
    }

    /// <summary>A document that is printed just as every document is, in one line; null for anything else.</summary>
    private static string? Document(string text)
    {
        if (!text.StartsWith("{\n", StringComparison.Ordinal))
        {
            return null;
        }

        var root = JsonDocument.Parse(text).RootElement;
        return TerminalText.EscapeJson(Json.Indented(root)) + "\n" == text ? TerminalText.EscapeJson(Json.Compact(root)) : null;
    }

    private static string[] Lines(string text)
    {
        var lines = text.Replace("\r", "␍", StringComparison.Ordinal).Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : [.. lines[..^1], lines[^1] + "⏎"];
    }

    private static int EndOf(string line, int start)
    {
        while (line[start] != '"')
        {
            start += line[start] == '\\' ? 2 : 1;
        }

        return start;
    }

    private static string Unescaped(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            var kind = text[++i];
            var digits = kind switch { 'x' => 2, 'u' => 4, _ => 0 };
            plain.Append(kind switch
            {
                'n' => '\n',
                't' => '\t',
                'e' => '\e',
                'x' or 'u' => (char)ushort.Parse(text.AsSpan(i + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                _ => kind,
            });
            i += digits;
        }

        return plain.ToString();
    }
}
