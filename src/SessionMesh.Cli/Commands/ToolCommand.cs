using System.CommandLine;

namespace SessionMesh.Cli.Commands;

/// <summary>
/// The tool itself, above all its commands. Not the parser's own root command: that one opens its table of translated texts whenever it is
/// made, which is a tenth of the time in which the tool starts.
/// </summary>
internal sealed class ToolCommand : Command
{
    public ToolCommand(string description, HelpText help) : base("session-mesh", description)
    {
        Help = help;
        Add(new HelpFlag(help));
    }

    /// <summary>The help of every command below it.</summary>
    public HelpText Help { get; }
}

/// <summary><c>--help</c> and <c>-h</c>, on every command; for the same reason not the parser's own.</summary>
internal sealed class HelpFlag : Option<bool>
{
    public HelpFlag(HelpText help) : base("--help", "-h")
    {
        Description = "Show help";
        Arity = ArgumentArity.Zero;
        Recursive = true;
        Action = help;
    }
}
