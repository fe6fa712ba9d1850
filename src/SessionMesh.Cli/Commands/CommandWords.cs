using System.CommandLine;
using System.CommandLine.Completions;

namespace SessionMesh.Cli.Commands;

/// <summary>A command line as the parser is given it.</summary>
/// <param name="Args">Every option with its value, as one word where the value begins with <c>-</c>.</param>
/// <param name="Command">The command that is meant.</param>
/// <param name="Unknown">An option that the command does not have; null where there is none, or where help is asked for.</param>
internal sealed record CommandLineWords(IReadOnlyList<string> Args, Command Command, string? Unknown);

/// <summary>
/// Tells options from values before the parser sees them: a value is a value where one is due, whatever it begins with, and an unknown
/// option is never taken for an argument. Short options are not bundled; <c>-ojson</c>, a short option and one of its words, is
/// <c>-o json</c>.
/// </summary>
internal static class CommandWords
{
    public static CommandLineWords Read(ToolCommand root, IReadOnlyList<string> args)
    {
        Command command = root;
        var options = OptionsOf(root, root);
        var (words, unknown, wantsHelp, hasWords) = (new List<string>(), (string?)null, false, false);
        for (var i = 0; i < args.Count; i++)
        {
            var word = args[i];
            if (word is "--")
            {
                words.AddRange(args.Skip(i));
                break;
            }

            if (word is not ['-', _, ..])
            {
                if (!hasWords && command.Subcommands.FirstOrDefault(one => one.Name == word) is { } below)
                {
                    command = below;
                    options = OptionsOf(command, root);
                }
                else
                {
                    hasWords = true;
                }

                words.Add(word);
                continue;
            }

            switch (Find(options, word))
            {
                case (null, _):
                    unknown ??= word;
                    words.Add(word);
                    break;
                case (HelpFlag, _):
                    wantsHelp = true;
                    words.Add(word);
                    break;
                case ({ } option, { } inline):
                    words.Add($"{option.Name}={inline}");
                    break;
                case ({ } option, null) when TakesValue(option) && i + 1 < args.Count && args[i + 1] is ['-', ..]:
                    words.Add($"{option.Name}={args[++i]}");
                    break;
                case ({ } option, null) when TakesValue(option) && i + 1 < args.Count:
                    words.AddRange([word, args[++i]]);
                    break;
                default:
                    words.Add(word);
                    break;
            }
        }

        return new CommandLineWords(words, command, wantsHelp ? null : unknown);
    }

    /// <summary>Whether a word is due after an option.</summary>
    public static bool TakesValue(Option option) => option.Arity.MinimumNumberOfValues > 0;

    /// <summary>The options of a command and of every command, by each of their names.</summary>
    public static Dictionary<string, Option> OptionsOf(Command command, ToolCommand root)
    {
        var found = new Dictionary<string, Option>(StringComparer.Ordinal);
        foreach (var option in command.Options.Concat(root.Options.Where(one => one.Recursive)))
        {
            foreach (var name in option.Aliases.Append(option.Name))
            {
                found.TryAdd(name, option);
            }
        }

        return found;
    }

    /// <summary>The option that a word names, and the value that stands in the same word.</summary>
    public static (Option? Option, string? Inline) Find(Dictionary<string, Option> options, string word)
    {
        if (options.TryGetValue(word, out var option))
        {
            return (option, null);
        }

        var equals = word.IndexOf('=');
        if (equals > 0 && options.TryGetValue(word[..equals], out option))
        {
            return (option, word[(equals + 1)..]);
        }

        return word is ['-', not '-', _, ..] && options.TryGetValue(word[..2], out option) && TakesValue(option)
            && option.GetCompletions(CompletionContext.Empty).Any(one => one.Label.Equals(word[2..], StringComparison.OrdinalIgnoreCase))
                ? (option, word[2..])
                : (null, null);
    }
}
