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
using SessionMesh.Cli.Registry;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Sessions;
using SessionMesh.Cli.Simulate;
using SessionMesh.Cli.Steering;

namespace SessionMesh.Cli;

/// <summary>The command tree, and how a command line becomes an exit code. Never throws.</summary>
internal static class SessionMeshTool
{
    private static readonly ParserConfiguration s_parser = new()
    {
        // A message that starts with @ is a message.
        ResponseFileTokenReplacer = null,
        EnablePosixBundling = true,
    };

    /// <summary>Every command of the tool, one line each.</summary>
    public static RootCommand Build(CliHost host)
    {
        var root = new RootCommand("Sees, redirects and stops agents: the command line of Session Mesh.");
        root.Options.Clear();
        root.Add(new HelpOption("--help", "-h") { Action = new HelpWithExamples(), Description = "Show help", Recursive = true });
        host.Globals.AddTo(root);

        root.Add(new ListCommand(host));
        root.Add(new ShowCommand(host));
        root.Add(new SteerCommand(host));
        root.Add(new PauseCommand(host));
        root.Add(new ResumeCommand(host));
        root.Add(new StopAllCommand(host));
        root.Add(new HistoryCommand(host));
        root.Add(new CancelCommand(host));
        root.Add(new KillCommand(host));
        root.Add(new ReviveCommand(host));
        root.Add(new ForgetCommand(host));
        root.Add(new RegisterCommand(host));
        root.Add(new HeartbeatCommand(host));
        root.Add(new InboxCommand(host));
        root.Add(new AckCommand(host));
        root.Add(new LoadConfigCommand(host));
        root.Add(new RunCommand(host));
        root.Add(new SimulateCommand(host));
        root.Add(new EventsCommand(host));
        root.Add(new AuditCommand(host));
        root.Add(new SessionCommand(host));
        root.Add(new KeysCommand(host));
        root.Add(new AdminCommand(host));
        root.Add(new ContextCommand(host));
        root.Add(new CompletionCommand(host));
        root.Add(new VersionCommand(host));
        return root;
    }

    public static async Task<int> RunAsync(IReadOnlyList<string> args, CliHost host)
    {
        // No arguments: show the help.
        var parse = Build(host).Parse(args.Count == 0 ? ["--help"] : args, s_parser);
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
