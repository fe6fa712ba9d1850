using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli;

/// <summary><c>help</c>: what a command does, as <c>--help</c> after it says.</summary>
internal sealed class HelpCommand : MeshCommand
{
    private readonly Argument<string[]> _command = new("command")
    {
        Description = "The command, such as 'kill' or 'keys create'",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Func<HelpText> _help;

    public HelpCommand(CliHost host, Func<HelpText> help)
        : base(host, "help", "Show what a command does, and how it is typed.", output: false)
    {
        _help = help;
        Add(_command);
        _command.CompletionSources.Add(_ => ((RootCommand)Parents.Single()).Subcommands.Select(
            one => new System.CommandLine.Completions.CompletionItem(one.Name)));
        Examples = ["session-mesh help kill", "session-mesh help keys create"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "show the help";
        var command = (Command)Parents.Single();
        var path = "session-mesh";
        foreach (var word in context.Get(_command) ?? [])
        {
            command = command.Subcommands.FirstOrDefault(one => one.Name == word && !one.Hidden)
                ?? throw CommandException.Usage($"'{path}' has no command '{word}'", $"{path} --help");
            path += " " + word;
        }

        context.Host.Out.Write(_help().Of(command, path));
        return Task.FromResult(ExitCodes.Done);
    }
}
