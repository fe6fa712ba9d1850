using System.CommandLine;

namespace SessionMesh.Cli.Output;

/// <summary>
/// What the server calls by the pointer to a member, as it was typed: <c>/labels/env</c> is <c>--label env</c>, where the command has
/// such an option. Elsewhere it keeps its name, as a file has it.
/// </summary>
internal static class MemberWords
{
    /// <summary>Members whose option has another name than theirs, or that without its plural.</summary>
    private static readonly (string Member, string[] Options)[] s_others =
    [
        ("session_key", ["--name", "--service"]),
        ("specializations", ["--spec"]),
        ("specialization", ["--spec"]),
        ("parent_id", ["--parent"]),
        ("parent", ["--parent"]),
        ("q", ["--search"]),
        ("subject", ["--agent"]),
        ("count", ["--count", "-n"]),
    ];

    public static string Of(string pointer, Command? command)
    {
        var segments = pointer.TrimStart('/', '?').Split('/');
        for (var i = 0; command is not null && i < segments.Length; i++)
        {
            if (OptionOf(segments[i], command) is { } option)
            {
                var rest = segments[(i + 1)..].Where(segment => !int.TryParse(segment, out _) && segment != "name");
                return string.Join(' ', [option, .. rest]);
            }
        }

        return string.Join('/', segments);
    }

    /// <summary>A sentence in which members of two words, such as <c>agent_id</c>, are called so, too.</summary>
    public static string In(string sentence, Command? command) => command is null || !sentence.Contains('_') ? sentence
        : string.Join(' ', sentence.Split(' ').Select(word =>
            word.Contains('_') && word.TrimEnd('.', ',', ';', ':') is var name && OptionOf(name, command) is { } option
                ? option + word[name.Length..]
                : word));

    private static string? OptionOf(string member, Command command)
    {
        var dashed = "--" + member.Replace('_', '-');
        string[] names = [dashed, dashed.TrimEnd('s'), .. s_others.Where(one => one.Member == member).SelectMany(one => one.Options)];
        var known = command.Options.SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet(StringComparer.Ordinal);
        return Array.Find(names, known.Contains);
    }
}
