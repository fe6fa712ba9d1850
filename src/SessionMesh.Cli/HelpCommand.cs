using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli;

/// <summary><c>help</c>: what a command does, as <c>--help</c> after it says.</summary>
internal sealed class HelpCommand : MeshCommand
{
    public const string Word = "help";

    private readonly Argument<string[]> _command = new("command")
    {
        Description = "The command, such as 'kill' or 'keys create'",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _man = new("--man") { Description = "Write the manual pages into this directory", HelpName = "DIR" };

    public HelpCommand(CliHost host)
        : base(host, Word, "Show what a command does, and how it is typed.", output: false)
    {
        Add(_command);
        Add(_man);
        _command.CompletionSources.Add(_ => Tool.Subcommands.Select(
            one => new System.CommandLine.Completions.CompletionItem(one.Name)));
        Examples = ["session-mesh help kill", "session-mesh help keys create", "session-mesh help --man ~/.local/share/man/man1"];
    }

    private ToolCommand Tool => (ToolCommand)Parents.Single();

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "show the help";
        if (context.Get(_man) is { } directory)
        {
            context.Doing = $"write the manual pages into {directory}";
            Directory.CreateDirectory(directory);
            foreach (var (file, text) in Tool.Help.Manual(Tool).All())
            {
                File.WriteAllText(Path.Combine(directory, file), text);
            }

            return Task.FromResult(ExitCodes.Done);
        }

        Command command = Tool;
        var path = "session-mesh";
        foreach (var word in context.Get(_command) ?? [])
        {
            command = command.Subcommands.FirstOrDefault(one => one.Name == word && !one.Hidden)
                ?? throw CommandException.Usage($"'{path}' has no command '{word}'", $"{path} --help");
            path += " " + word;
        }

        context.Host.Out.Write(Tool.Help.Of(command, path));
        return Task.FromResult(ExitCodes.Done);
    }
}
