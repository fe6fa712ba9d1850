using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Commands;

/// <summary>
/// Help: what a command is for, how it is typed, its own options, examples and exit codes. It is made of the commands alone: it asks no
/// server. What every command has is listed once, under <c>session-mesh --help</c>.
/// </summary>
/// <param name="groups">The commands of the tool, under the titles that the overview has.</param>
/// <param name="width">Columns of the terminal; null where there is none.</param>
internal sealed class HelpText(IReadOnlyList<CommandGroup> groups, int? width) : SynchronousCommandLineAction
{
    /// <summary>Columns where there is no terminal, as in a man page.</summary>
    private const int UsualWidth = 100;

    /// <summary>Names longer than this have their text on the next line.</summary>
    private const int LongestName = 30;

    private const string EveryCommand = "'session-mesh --help' has the options of every command.";

    private readonly int _width = Math.Max(width ?? UsualWidth, 60);

    /// <summary>The same as manual pages.</summary>
    public ManPage Manual(ToolCommand root) => new(root, groups);

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        output.Write(Of(parseResult.CommandResult.Command, ParseErrors.PathOf(parseResult)));
        output.Flush();
        return ExitCodes.Done;
    }

    /// <param name="path">The command as it is typed.</param>
    public string Of(Command command, string path)
    {
        var text = new StringBuilder();
        Paragraph(text, command.Description ?? "");
        text.Append('\n').Append("Usage:\n  ").Append(UsageOf(command, path)).Append('\n');
        if (command is ToolCommand)
        {
            foreach (var group in groups)
            {
                Section(text, group.Title, group.Commands.Select(one => (one.Name, one.Description ?? "")));
            }
        }
        else
        {
            Section(text, "Commands", command.Subcommands.Where(one => !one.Hidden).Select(one => (one.Name, one.Description ?? "")));
        }

        Section(text, "Arguments", command.Arguments.Where(one => !one.Hidden).Select(one => (NameOf(one), one.Description ?? "")));
        var options = command.Options.Where(one => !one.Hidden && (command is ToolCommand || one is not HelpFlag));
        Section(text, "Options", options.Select(one => (NameOf(one), one.Description ?? "")));
        if (command is MeshCommand mesh)
        {
            Lines(text, "Examples", mesh.Examples);
            Lines(text, "Exit codes", mesh.ExitNotes);
        }

        text.Append('\n').Append(command switch
        {
            ToolCommand => "'session-mesh help COMMAND' says more of one.",
            { Subcommands.Count: > 0 } => $"'{path} COMMAND --help' says more of one; {EveryCommand}",
            _ => EveryCommand,
        }).Append('\n');
        return text.ToString();
    }

    /// <param name="path">The command as it is typed.</param>
    public static string UsageOf(Command command, string path)
    {
        if (command is MeshCommand { Usage: { } usage })
        {
            return $"{path} {usage}";
        }

        var words = new List<string> { path };
        if (command.Subcommands.Count > 0)
        {
            words.Add("COMMAND");
        }

        foreach (var argument in command.Arguments.Where(one => !one.Hidden))
        {
            var name = NameOf(argument) + (argument.Arity.MaximumNumberOfValues > 1 ? "…" : "");
            words.Add(argument.Arity.MinimumNumberOfValues > 0 ? name : $"[{name}]");
        }

        words.AddRange(command.Options.Where(one => one.Required).Select(NameOf));
        words.Add("[options]");
        return string.Join(' ', words);
    }

    public static string NameOf(Argument argument) => (argument.HelpName ?? argument.Name).ToUpperInvariant();

    /// <summary>An option by all its names, the short ones first, and what it takes.</summary>
    public static string NameOf(Option option)
    {
        var names = option.Aliases.Where(alias => alias.Length == 2).Append(option.Name)
            .Concat(option.Aliases.Where(alias => alias.Length > 2 && alias != option.Name));
        var name = string.Join(", ", names);
        return option.HelpName is not { } value ? name
            : option.Arity.MinimumNumberOfValues == 0 ? $"{name} [{value}]"
            : $"{name} {value}";
    }

    /// <summary>Names and what they mean, in two columns.</summary>
    private void Section(StringBuilder text, string title, IEnumerable<(string Name, string Text)> entries)
    {
        var all = entries.ToList();
        if (all.Count == 0)
        {
            return;
        }

        text.Append('\n').Append(title).Append(":\n");
        var column = 4 + all.Where(one => one.Name.Length <= LongestName).Select(one => one.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var (name, meaning) in all)
        {
            text.Append("  ").Append(name);
            if (name.Length > LongestName)
            {
                text.Append('\n').Append(' ', column);
            }
            else
            {
                text.Append(' ', column - 2 - name.Length);
            }

            text.AppendJoin("\n" + new string(' ', column), Wrapped(meaning, _width - column)).Append('\n');
        }
    }

    private static void Lines(StringBuilder text, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            text.Append('\n').Append(title).Append(":\n  ").AppendJoin("\n  ", lines).Append('\n');
        }
    }

    private void Paragraph(StringBuilder text, string words) => text.AppendJoin('\n', Wrapped(words, _width)).Append('\n');

    private static IEnumerable<string> Wrapped(string text, int columns)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > columns)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        yield return line.ToString();
    }
}
