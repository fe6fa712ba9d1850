using System.CommandLine;
using System.Text;

namespace SessionMesh.Cli.Commands;

/// <summary>The manual pages, in man(7), with the text of the help: of the tool, and of each command with all below it.</summary>
/// <param name="groups">The commands of the tool, under the titles that the overview has.</param>
internal sealed class ManPage(ToolCommand root, IReadOnlyList<CommandGroup> groups)
{
    private const string Tool = "session-mesh";

    /// <summary>The name of each page's file, and what it holds.</summary>
    public IEnumerable<(string File, string Text)> All() => groups.SelectMany(group => group.Commands)
        .Select(command => ($"{Tool}-{command.Name}.1", OfCommand(command)))
        .Prepend(($"{Tool}.1", OfTool()));

    private string OfTool()
    {
        var page = Begin(Tool, root.Description ?? "");
        Synopsis(page, root, Tool);
        page.Append(".SH COMMANDS\n");
        foreach (var group in groups)
        {
            page.Append(".SS ").Append(Escaped(group.Title)).Append('\n');
            foreach (var command in group.Commands)
            {
                Entry(page, Bold($"{Tool} {command.Name}"), command.Description ?? "");
            }
        }

        page.Append(".SH OPTIONS\nThe options of every command, before or after its name.\n");
        Options(page, root);
        SeeAlso(page, groups.SelectMany(group => group.Commands).Select(command => $"{Tool}-{command.Name}"));
        return page.ToString();
    }

    private static string OfCommand(Command command)
    {
        var page = Begin($"{Tool}-{command.Name}", command.Description ?? "");
        Synopsis(page, command, $"{Tool} {command.Name}");
        Body(page, command, "SH", title => title.ToUpperInvariant());
        foreach (var (below, path) in Below(command, $"{Tool} {command.Name}"))
        {
            page.Append(".SH ").Append(Escaped(path)).Append('\n').Append(Line(below.Description ?? "")).Append(".PP\n")
                .Append(Bold(path)).Append(Escaped(HelpText.UsageOf(below, "").TrimEnd())).Append('\n');
            Body(page, below, "SS", title => title);
        }

        SeeAlso(page, [Tool]);
        return page.ToString();
    }

    private static IEnumerable<(Command Command, string Path)> Below(Command command, string path) =>
        command.Subcommands.Where(one => !one.Hidden).SelectMany(one =>
            Below(one, $"{path} {one.Name}").Prepend((one, $"{path} {one.Name}")));

    private static StringBuilder Begin(string name, string purpose) => new StringBuilder()
        .Append(".TH ").Append(Escaped(name.ToUpperInvariant())).Append(" 1 \"\" \"").Append(Escaped($"{Tool} {ToolVersion.Current}"))
        .Append("\" \"Session Mesh\"\n.SH NAME\n").Append(Escaped(name)).Append(" \\- ").Append(Escaped(purpose.TrimEnd('.'))).Append('\n');

    private static void Synopsis(StringBuilder page, Command command, string path) =>
        page.Append(".SH SYNOPSIS\n").Append(Bold(path)).Append(Escaped(HelpText.UsageOf(command, "").TrimEnd())).Append('\n');

    /// <param name="section">The macro of its headings.</param>
    private static void Body(StringBuilder page, Command command, string section, Func<string, string> title)
    {
        var arguments = command.Arguments.Where(one => !one.Hidden).ToList();
        if (arguments.Count > 0)
        {
            page.Append('.').Append(section).Append(' ').Append(title("Arguments")).Append('\n');
            arguments.ForEach(one => Entry(page, $"\\fI{Escaped(HelpText.NameOf(one))}\\fR", one.Description ?? ""));
        }

        if (command.Options.Any(one => !one.Hidden && one is not HelpFlag))
        {
            page.Append('.').Append(section).Append(' ').Append(title("Options")).Append('\n');
            Options(page, command);
        }

        if (command is not MeshCommand mesh)
        {
            return;
        }

        if (mesh.Examples.Count > 0)
        {
            page.Append('.').Append(section).Append(' ').Append(title("Examples")).Append("\n.nf\n");
            foreach (var example in mesh.Examples)
            {
                page.Append(Line(example));
            }

            page.Append(".fi\n");
        }

        if (mesh.ExitNotes.Count > 0)
        {
            page.Append('.').Append(section).Append(' ').Append(title("Exit status")).Append('\n');
            foreach (var note in mesh.ExitNotes)
            {
                var parts = note.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                Entry(page, Bold(parts[0]), parts[^1]);
            }
        }
    }

    private static void Options(StringBuilder page, Command command)
    {
        foreach (var option in command.Options.Where(one => !one.Hidden && (command is ToolCommand || one is not HelpFlag)))
        {
            Entry(page, Bold(HelpText.NameOf(option)), option.Description ?? "");
        }
    }

    private static void SeeAlso(StringBuilder page, IEnumerable<string> names) => page.Append(".SH SEE ALSO\n")
        .AppendJoin(",\n", names.Select(name => $"\\fB{Escaped(name)}\\fR(1)")).Append('\n');

    private static void Entry(StringBuilder page, string term, string meaning) =>
        page.Append(".TP\n").Append(term).Append('\n').Append(Line(meaning));

    private static string Bold(string text) => $"\\fB{Escaped(text)}\\fR";

    private static string Line(string text) => Escaped(text) + "\n";

    /// <summary>A line that roff takes for text, with hyphens that can be copied into a shell.</summary>
    private static string Escaped(string text)
    {
        var plain = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return plain is ['.' or '\'', ..] ? "\\&" + plain : plain;
    }
}
