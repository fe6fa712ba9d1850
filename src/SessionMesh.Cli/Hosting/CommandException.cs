namespace SessionMesh.Cli.Hosting;

/// <summary>
/// A command cannot do what it was asked, for a reason it knows: three lines for a person, a code for a program. The
/// message is the "why".
/// </summary>
/// <param name="why">Why, in one line.</param>
/// <param name="next">What to type next; null where there is nothing to say.</param>
internal sealed class CommandException(int exitCode, string why, string? next = null) : Exception(why)
{
    public int ExitCode => exitCode;

    public string? Next => next;

    /// <summary>What belongs under the "why", a line each.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>The command line or a file it names is wrong: exit code 2.</summary>
    public static CommandException Usage(string why, string? next = null) => new(ExitCodes.Usage, why, next);
}
