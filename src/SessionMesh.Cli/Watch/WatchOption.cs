using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Watch;

/// <summary><c>-w/--watch</c>: go on, and show what changes.</summary>
internal sealed class WatchOption
{
    private readonly Option<bool> _option = new("--watch", "-w")
    {
        Description = "Go on: redraw the table as it changes, or print each change as a line under json",
    };

    public WatchOption(Command command) => command.Add(_option);

    /// <summary>Whether to go on; refuses what cannot be shown that way.</summary>
    public bool IsWanted(CommandContext context)
    {
        if (!context.Get(_option))
        {
            return false;
        }

        var draws = context.Host.OutIsTerminal && context.Host.Env("TERM") is not (null or "dumb");
        return context.Output.IsJson || (context.Output.IsTable && draws)
            ? true
            : throw CommandException.Usage(
                "--watch draws a table on a terminal, and standard output is not one", "-o json prints each change as a line");
    }
}
