using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using SessionMesh.Cli.Admin;
using SessionMesh.Cli.Agents;
using SessionMesh.Cli.Audit;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Completion;
using SessionMesh.Cli.Config;
using SessionMesh.Cli.Contexts;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Keys;
using SessionMesh.Cli.Lineage;
using SessionMesh.Cli.Logs;
using SessionMesh.Cli.Registry;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Sessions;
using SessionMesh.Cli.Simulate;
using SessionMesh.Cli.Status;
using SessionMesh.Cli.Steering;

namespace SessionMesh.Cli;

/// <summary>The command tree, and how a command line becomes an exit code. Never throws.</summary>
internal static class SessionMeshTool
{
    private const string VersionFlag = "--version";

    private static readonly ParserConfiguration s_parser = new()
    {
        // A message that starts with @ is a message.
        ResponseFileTokenReplacer = null,
        EnablePosixBundling = false,
    };

    /// <summary>Every command of the tool, one line each, in the groups of its overview.</summary>
    public static RootCommand Build(CliHost host)
    {
        var root = new RootCommand("Sees, redirects and stops agents: the command line of Session Mesh.");
        HelpText? help = null;
        CommandGroup[] groups =
        [
            new("Agents",
            [
                new ListCommand(host),
                new ShowCommand(host),
                new TreeCommand(host),
                new RunCommand(host),
                new RegisterCommand(host),
                new WaitCommand(host),
                new LogsCommand(host),
                new MoveCommand(host),
                new ReapCommand(host),
                new ForgetCommand(host),
            ]),
            new("Steering",
            [
                new SteerCommand(host),
                new PauseCommand(host),
                new ResumeCommand(host),
                new KillCommand(host),
                new CancelCommand(host),
                new HistoryCommand(host),
                new ReviveCommand(host),
            ]),
            new("An agent's own side", [new HeartbeatCommand(host), new InboxCommand(host), new AckCommand(host)]),
            new("Sessions", [new SessionCommand(host)]),
            new("Keys and audit", [new KeysCommand(host), new AuditCommand(host)]),
            new("The mesh",
            [
                new StatusCommand(host),
                new EventsCommand(host),
                new LoadConfigCommand(host),
                new PruneCommand(host),
                new SimulateCommand(host),
                new AdminCommand(host),
            ]),
            new("Setup",
            [
                new ContextCommand(host),
                new CompletionCommand(host),
                new VersionCommand(host),
                new HelpCommand(host, () => help!),
            ]),
        ];
        help = new HelpText(groups, host.Width);
        root.Options.Clear();
        root.Add(new HelpOption("--help", "-h") { Action = help, Description = "Show help", Recursive = true });
        root.Add(new Option<bool>(VersionFlag) { Description = "Show the version of this tool" });
        host.Globals.AddTo(root);
        foreach (var command in groups.SelectMany(group => group.Commands))
        {
            root.Add(command);
        }

        return root;
    }

    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliHost host)
    {
        try
        {
            return await RunCommandAsync(args, host);
        }
        catch (OutputClosedException)
        {
            return ExitCodes.OutputClosed;
        }
        catch (OutputFailedException e)
        {
            host.Error.WriteLine($"error: {e.Message}");
            return ExitCodes.Failed;
        }
    }

    private static async Task<int> RunCommandAsync(IReadOnlyList<string> args, CliHost host)
    {
        var root = Build(host);
        if (args is [Completer.Word, ..])
        {
            return Completer.Run(root, [.. args.Skip(1)], host);
        }

        var line = args switch
        {
            [] => new(["--help"], root, null),
            [VersionFlag] => new(["version"], root, null),
            _ => SessionWords.Read(root, args) ?? CommandWords.Read(root, args),
        };
        if (line.Unknown is not null)
        {
            return ParseErrors.RenderUnknown(line, host);
        }

        var parse = root.Parse(line.Args, s_parser);
        if (parse.Action is ParseErrorAction)
        {
            return ParseErrors.Render(parse, host);
        }

        var code = await parse.InvokeAsync(new InvocationConfiguration
        {
            Output = host.Out,
            Error = host.Error,
            EnableDefaultExceptionHandler = false,
            // Signals are the commands' matter: two seconds are too few for a child process to stop in.
            ProcessTerminationTimeout = null,
        });
        await host.Out.FlushAsync();
        return code;
    }
}
