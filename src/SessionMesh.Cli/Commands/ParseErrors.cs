using System.CommandLine;
using System.CommandLine.Parsing;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Commands;

/// <summary>A command that words the parse errors of its own part of the command tree.</summary>
internal interface IParseErrorWriter
{
    /// <returns>The exit code.</returns>
    int WriteParseErrors(ParseResult parse, CliHost host);

    /// <returns>The exit code.</returns>
    int WriteUnknownOption(CommandLineWords line, CliHost host);
}

/// <summary>A command line that cannot be understood: all of it to stderr, exit code 2 unless the command has another.</summary>
internal static class ParseErrors
{
    public static int Render(ParseResult parse, CliHost host)
    {
        for (var result = parse.CommandResult; result is not null; result = result.Parent as CommandResult)
        {
            if (result.Command is IParseErrorWriter writer)
            {
                return writer.WriteParseErrors(parse, host);
            }
        }

        foreach (var error in Messages(parse))
        {
            host.Error.WriteLine("error: " + Secrets.Redact(TerminalText.Escape(error)));
        }

        if (Suggestion(parse) is { } word)
        {
            host.Error.WriteLine($"  did you mean '{word}'?");
        }

        host.Error.WriteLine($"  try: {PathOf(parse)} --help");
        return CodeOf(parse.CommandResult.Command);
    }

    /// <summary>An option that the command does not have.</summary>
    public static int RenderUnknown(CommandLineWords line, CliHost host)
    {
        for (var command = line.Command; command is not null; command = command.Parents.OfType<Command>().FirstOrDefault())
        {
            if (command is IParseErrorWriter writer)
            {
                return writer.WriteUnknownOption(line, host);
            }
        }

        host.Error.WriteLine("error: " + UnknownText(line));
        if (Nearest(NameOf(line.Unknown!), OptionNames(line.Command)) is { } near)
        {
            host.Error.WriteLine($"  did you mean '{near}'?");
        }

        host.Error.WriteLine(line.Command is MeshCommand { Usage: { } usage } && usage.Contains(" -- ", StringComparison.Ordinal)
            ? $"  try: {PathOf(line.Command)} {usage}, with -- before the command, whose options are its own"
            : $"  try: {PathOf(line.Command)} --help");
        return CodeOf(line.Command);
    }

    /// <summary>That there is no such option, with what may be secret in it cut.</summary>
    public static string UnknownText(CommandLineWords line) =>
        Secrets.Redact(TerminalText.Escape($"'{PathOf(line.Command)}' has no option '{NameOf(line.Unknown!)}'"));

    /// <summary>What would have been right, for one line.</summary>
    public static string NextAfterUnknown(CommandLineWords line) =>
        Nearest(NameOf(line.Unknown!), OptionNames(line.Command)) is { } near
            ? $"did you mean '{near}'?"
            : $"try {PathOf(line.Command)} --help";

    /// <summary>
    /// What is wrong, a sentence each. Behind an unknown word, or an option without its value, the command is missing, too, and the parser
    /// says so first; the word or the option alone is what went wrong.
    /// </summary>
    public static IEnumerable<string> Messages(ParseResult parse)
    {
        var isCommandMissing = parse.CommandResult.Command is { Action: null, Subcommands.Count: > 0 };
        var (command, path) = (parse.CommandResult.Command, PathOf(parse));
        return isCommandMissing && TakenForAValue(parse) is var (option, word)
            ? [$"{option} needs a value; '{word}' was taken for it"]
            : parse.Errors.Skip(isCommandMissing && (parse.UnmatchedTokens.Count > 0 || parse.Errors.Count > 1) ? 1 : 0)
                .Select(error => ParserWords.Of(error.Message, command, path));
    }

    /// <summary>The option that has the command as its value: <c>--url list</c>.</summary>
    private static (string Option, string Word)? TakenForAValue(ParseResult parse)
    {
        for (var result = parse.CommandResult; result is not null; result = result.Parent as CommandResult)
        {
            foreach (var option in result.Children.OfType<OptionResult>())
            {
                if (option.Tokens is [var word] && parse.CommandResult.Command.Subcommands.Any(one => one.Name == word.Value))
                {
                    return (option.Option.Name, word.Value);
                }
            }
        }

        return null;
    }

    /// <summary>The command as it would be typed.</summary>
    public static string PathOf(ParseResult parse)
    {
        var names = new Stack<string>();
        for (var result = parse.CommandResult; result is not null; result = result.Parent as CommandResult)
        {
            names.Push(result.Command is ToolCommand ? "session-mesh" : result.Command.Name);
        }

        return string.Join(' ', names);
    }

    /// <summary>The known word nearest to the first unknown one, when one is near.</summary>
    public static string? Suggestion(ParseResult parse)
    {
        if (parse.UnmatchedTokens.Count == 0)
        {
            return null;
        }

        var typed = parse.UnmatchedTokens[0];
        var command = parse.CommandResult.Command;
        return Nearest(typed, typed.StartsWith('-') ? OptionNames(command) : command.Subcommands.Select(one => one.Name));
    }

    /// <summary>The word nearest to what was typed, when it is near: at most a third of its letters apart.</summary>
    public static string? Nearest(string typed, IEnumerable<string> words) => words
        .Select(word => (word, distance: Distance(typed, word)))
        .Where(pair => pair.distance <= Math.Max(1, typed.Length / 3))
        .OrderBy(pair => pair.distance)
        .Select(pair => pair.word)
        .FirstOrDefault();

    private static int CodeOf(Command command) => command is MeshCommand { UsageCode: var code } ? code : ExitCodes.Usage;

    private static string PathOf(Command command) => command is ToolCommand
        ? "session-mesh"
        : $"{PathOf(command.Parents.OfType<Command>().First())} {command.Name}";

    private static IEnumerable<string> OptionNames(Command command)
    {
        Command root = command;
        while (root.Parents.OfType<Command>().FirstOrDefault() is { } above)
        {
            root = above;
        }

        return command.Options.Concat(root.Options.Where(option => option.Recursive)).Where(option => !option.Hidden)
            .Select(option => option.Name);
    }

    /// <summary>The option without the value that stands in the same word.</summary>
    private static string NameOf(string word) => word.Split('=')[0];

    /// <summary>Levenshtein's distance, one row at a time.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
