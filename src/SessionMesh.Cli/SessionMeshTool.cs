using System.CommandLine;
using System.CommandLine.Invocation;
using SessionMesh.Cli.Admin;
using SessionMesh.Cli.Agents;
using SessionMesh.Cli.Attach;
using SessionMesh.Cli.Audit;
using SessionMesh.Cli.Balance;
using SessionMesh.Cli.Claims;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Completion;
using SessionMesh.Cli.Config;
using SessionMesh.Cli.Contexts;
using SessionMesh.Cli.Dashboard;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hooks;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Keys;
using SessionMesh.Cli.Lineage;
using SessionMesh.Cli.Links;
using SessionMesh.Cli.Logs;
using SessionMesh.Cli.Mcp;
using SessionMesh.Cli.Nodes;
using SessionMesh.Cli.Registry;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Handlers;
using SessionMesh.Cli.Sessions;
using SessionMesh.Cli.Simulate;
using SessionMesh.Cli.Skills;
using SessionMesh.Cli.Status;
using SessionMesh.Cli.Steering;
using SessionMesh.Cli.Topology;

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
    private static readonly Group[] s_groups =
    [
        new("Agents",
        [
            new("list", host => new ListCommand(host)),
            new("show", host => new ShowCommand(host)),
            new("tree", host => new TreeCommand(host)),
            new("run", host => new RunCommand(host)),
            new("attach", host => new AttachCommand(host)),
            new("register", host => new RegisterCommand(host)),
            new("match", host => new MatchCommand(host)),
            new("claim", host => new ClaimCommand(host)),
            new("release", host => new ReleaseCommand(host)),
            new("wait", host => new WaitCommand(host)),
            new("logs", host => new LogsCommand(host)),
            new("move", host => new MoveCommand(host)),
            new("link", host => new LinkCommand(host)),
            new("unlink", host => new UnlinkCommand(host)),
            new("reap", host => new ReapCommand(host)),
            new("forget", host => new ForgetCommand(host)),
        ]),
        new("Steering",
        [
            new("steer", host => new SteerCommand(host)),
            new("pause", host => new PauseCommand(host)),
            new("resume", host => new ResumeCommand(host)),
            new("kill", host => new KillCommand(host)),
            new("cancel", host => new CancelCommand(host)),
            new("history", host => new HistoryCommand(host)),
            new("revive", host => new ReviveCommand(host)),
        ]),
        new("An agent's own side",
        [
            new("heartbeat", host => new HeartbeatCommand(host)),
            new("inbox", host => new InboxCommand(host)),
            new("ack", host => new AckCommand(host)),
            new(HookCommand.Word, host => new HookCommand(host)),
        ]),
        new("Sessions", [new(SessionCommand.Word, host => new SessionCommand(host))]),
        new("Keys and audit", [new("keys", host => new KeysCommand(host)), new("audit", host => new AuditCommand(host))]),
        new("The mesh",
        [
            new("status", host => new StatusCommand(host)),
            new("nodes", host => new NodesCommand(host)),
            new("dashboard", host => new DashboardCommand(host)),
            new("events", host => new EventsCommand(host, (file, atMost) => new EventProgram(file, atMost, host.Time))),
            new("topology", host => new TopologyCommand(host)),
            new("load-config", host => new LoadConfigCommand(host)),
            new("config", host => new ConfigCommand(host)),
            new("balance", host => new BalanceCommand(host)),
            new("prune", host => new PruneCommand(host)),
            new("simulate", host => new SimulateCommand(host)),
            new("admin", host => new AdminCommand(host)),
        ]),
        new("Setup",
        [
            new("context", host => new ContextCommand(host)),
            new("hooks", host => new HooksCommand(host)),
            new("agents", host => new AgentsCommand(host)),
            new("mcp", host => new McpCommand(host)),
            new("skill", host => new SkillCommand(host)),
            new("completion", host => new CompletionCommand(host)),
            new("version", host => new VersionCommand(host)),
            new(HelpCommand.Word, host => new HelpCommand(host)),
        ]),
    ];

    /// <summary>The tool with all its commands.</summary>
    public static ToolCommand Build(CliHost host) => Build(host, null);

    /// <param name="only">The one command that is typed; null for all. Making them all takes longer than most of them run.</param>
    private static ToolCommand Build(CliHost host, string? only)
    {
        var groups = s_groups.Select(group => new CommandGroup(
            group.Title, [.. group.Commands.Where(one => only is null || one.Name == only).Select(one => one.Make(host))])).ToList();
        var help = new HelpText(groups, host.Width);
        var root = new ToolCommand("Sees, redirects and stops agents: the command line of Session Mesh.", help)
        {
            new Option<bool>(VersionFlag) { Description = "Show the version of this tool" },
        };
        host.Globals.AddTo(root);
        foreach (var command in groups.SelectMany(group => group.Commands))
        {
            root.Add(command);
        }

        return root;
    }

    /// <summary>
    /// The command that a line begins with; null where all are wanted: it begins with something else, or asks about the others.
    /// </summary>
    private static string? OnlyOneOf(IReadOnlyList<string> args) =>
        args is [not HelpCommand.Word and var first, ..]
        && s_groups.Any(group => group.Commands.Any(command => command.Name == first))
            ? first
            : null;

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
        var root = Build(host, OnlyOneOf(args is [VersionFlag] ? ["version"] : args));
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

    private sealed record Entry(string Name, Func<CliHost, Command> Make);

    private sealed record Group(string Title, Entry[] Commands);
}
