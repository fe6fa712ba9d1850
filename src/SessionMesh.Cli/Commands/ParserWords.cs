using System.CommandLine;

namespace SessionMesh.Cli.Commands;

/// <summary>
/// The sentences of the parser in the words of this tool, which say what there is instead. Recognized by their text, because the parser
/// says the kind of an error nowhere else; a test types each of them, so that another version of the library is noticed.
/// </summary>
internal static class ParserWords
{
    /// <param name="path">The command as it was typed.</param>
    public static string Of(string sentence, Command command, string path) =>
        Between(sentence, "Unrecognized command or argument '", "'.") is { } word
            ? command.Subcommands.Count > 0 ? $"'{path}' has no command '{word}'" : $"'{path}' takes no argument '{word}'"
        : Between(sentence, "Required argument missing for option: '", "'.") is { } bare ? $"{bare} needs a value"
        : Between(sentence, "Required argument missing for command: '", "'.") is not null ? $"'{path}' needs {Required(command)}"
        : sentence is "Required command was not provided." ? $"'{path}' needs a command"
        : Between(sentence, "Option '", "' is required.") is { } missing ? $"{missing} is required"
        : Between(sentence, "Option '", " were provided.") is { } twice && twice.Contains('\'')
            ? $"{twice[..twice.IndexOf('\'')]} is given twice"
        : sentence;

    /// <summary>The arguments that have to be there.</summary>
    private static string Required(Command command) => string.Join(
        ' ', command.Arguments.Where(argument => argument.Arity.MinimumNumberOfValues > 0).Select(HelpText.NameOf));

    private static string? Between(string text, string before, string after) =>
        text.StartsWith(before, StringComparison.Ordinal) && text.EndsWith(after, StringComparison.Ordinal)
            && text.Length >= before.Length + after.Length
            ? text[before.Length..^after.Length]
            : null;
}
