using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Commands;

/// <summary>The help of System.CommandLine, with the command's examples and exit codes under it.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _help = new();

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        _help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is MeshCommand command)
        {
            Write(parseResult.InvocationConfiguration.Output, "Examples:", command.Examples);
            Write(parseResult.InvocationConfiguration.Output, "Exit codes:", command.ExitNotes);
        }

        parseResult.InvocationConfiguration.Output.Flush();
        return ExitCodes.Done;
    }

    private static void Write(TextWriter output, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0)
        {
            return;
        }

        output.WriteLine(title);
        foreach (var line in lines)
        {
            output.WriteLine("  " + line);
        }

        output.WriteLine();
    }
}
