using System.Buffers;
using System.Text;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>The command line that an agent runs at an event, and how it is known for ours again.</summary>
internal static class HookProgram
{
    private const string Tool = "session-mesh";

    /// <summary>Words that a shell takes as they are.</summary>
    private static readonly SearchValues<char> s_plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:@%,");

    /// <param name="agent">As it is named after <c>hook</c>.</param>
    /// <param name="options">What follows, such as <c>--wake</c>.</param>
    public static string Command(CliHost host, string agent, params ReadOnlySpan<string> options) =>
        string.Join(' ', [.. host.Program().Select(Quoted), "hook", agent, .. options]);

    /// <summary>
    /// Whether a command line runs this tool's <c>hook AGENT</c> and nothing else, from whatever place. A line that merely speaks of it is
    /// somebody else's.
    /// </summary>
    public static bool IsOurs(string command, string agent)
    {
        var words = Words(command);
        if (words is [var dotnet, .. var rest] && FileName(dotnet) is "dotnet")
        {
            return rest is [var dll, ..] && FileName(dll) == Tool + ".dll" && IsHook(rest.AsSpan(1), agent);
        }

        return words is [var program, ..] && FileName(program) == Tool && IsHook(words.AsSpan(1), agent);
    }

    private static bool IsHook(ReadOnlySpan<string> words, string agent)
    {
        if (words is not ["hook", var named, .. var options] || named != agent)
        {
            return false;
        }

        foreach (var option in options)
        {
            if (!option.StartsWith("--", StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static string FileName(string path)
    {
        var name = path[(path.LastIndexOfAny(['/', '\\']) + 1)..];
        return name.EndsWith(".exe", StringComparison.OrdinalIgnoreCase) ? name[..^4] : name;
    }

    private static string Quoted(string word) =>
        word.Length > 0 && !word.AsSpan().ContainsAnyExcept(s_plain) ? word
        : OperatingSystem.IsWindows() ? $"\"{word}\""
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>The words of a plain command line; empty where the shell would do more than to run one program.</summary>
    private static string[] Words(string command)
    {
        var words = new List<string>();
        StringBuilder? word = null;
        var quote = '\0';
        for (var i = 0; i < command.Length; i++)
        {
            var c = command[i];
            if (quote == '\'' || (quote == '"' && c is not ('\\' or '$' or '`')))
            {
                _ = c == quote ? quote = '\0' : word!.Append(c).Length;
            }
            else if (c == '\\' && !OperatingSystem.IsWindows())
            {
                if (++i == command.Length)
                {
                    return [];
                }

                (word ??= new()).Append(quote == '"' && command[i] is not ('\\' or '"' or '$' or '`') ? "\\" : "").Append(command[i]);
            }
            else if (c is '\'' or '"' && quote == '\0')
            {
                quote = c;
                word ??= new();
            }
            else if (c == '"')
            {
                quote = '\0';
            }
            else if (c is ' ' or '\t')
            {
                Take();
            }
            else if (c is ';' or '|' or '&' or '<' or '>' or '(' or ')' or '$' or '`' or '\n' or '#' or '*' or '?' or '~')
            {
                return [];
            }
            else
            {
                (word ??= new()).Append(c);
            }
        }

        Take();
        return quote == '\0' ? [.. words] : [];

        void Take()
        {
            if (word is not null)
            {
                words.Add(word.ToString());
                word = null;
            }
        }
    }
}
