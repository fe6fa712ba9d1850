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

    private readonly Option<string?> _man = new("--man") { Description = "Write the manual pages into this directory", HelpName = "DIR" };
    private readonly Func<HelpText> _help;

    public HelpCommand(CliHost host, Func<HelpText> help)
        : base(host, "help", "Show what a command does, and how it is typed.", output: false)
    {
        _help = help;
        Add(_command);
        Add(_man);
        _command.CompletionSources.Add(_ => ((RootCommand)Parents.Single()).Subcommands.Select(
            one => new System.CommandLine.Completions.CompletionItem(one.Name)));
        Examples = ["session-mesh help kill", "session-mesh help keys create", "session-mesh help --man ~/.local/share/man/man1"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "show the help";
        if (context.Get(_man) is { } directory)
        {
            context.Doing = $"write the manual pages into {directory}";
            Directory.CreateDirectory(directory);
            foreach (var (file, text) in _help().Manual((RootCommand)Parents.Single()).All())
            {
                File.WriteAllText(Path.Combine(directory, file), text);
            }

            return Task.FromResult(ExitCodes.Done);
        }

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
