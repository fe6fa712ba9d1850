using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// <c>session</c>: the tool of that name over the mesh's store. Its flags, shapes and exit codes are those of the tool whose place it
/// takes; see docs/sessions.md.
/// </summary>
internal sealed class SessionCommand : Command, IParseErrorWriter
{
    public const string Word = "session";

    public SessionCommand(CliHost host) : base(Word, "Keep sessions: create, read, change, expire, move and count them.")
    {
        Add(new CreateSessionCommand(host));
        Add(new GetSessionCommand(host));
        Add(new SetSessionCommand(host));
        Add(new DeleteSessionCommand(host));
        Add(new ListSessionsCommand(host));
        Add(new ExpireSessionCommand(host));
        Add(new RefreshSessionCommand(host));
        Add(new SessionStatsCommand(host));
        Add(new Export.ExportSessionsCommand(host));
        Add(new CleanupSessionsCommand(host));
        Add(new Defaults.SessionConfigCommand(host));
        Add(new Import.ImportSessionsCommand(host));
        Add(new WatchSessionsCommand(host));
        Add(new SessionHelpCommand(host));
        Add(new SessionVersionCommand(host));

        // No arguments: show the help.
        SetAction(parse => new HelpText([], host.Width).Invoke(parse));
    }

    public int WriteParseErrors(ParseResult parse, CliHost host) => SessionErrors.RenderParse(parse, host);

    public int WriteUnknownOption(CommandLineWords line, CliHost host) => SessionErrors.RenderUnknown(line, host);
}

/// <summary><c>session help</c>: the same as <c>--help</c>.</summary>
internal sealed class SessionHelpCommand : Command
{
    private readonly Argument<string?> _about = new("command") { Description = "The command to explain", Arity = ArgumentArity.ZeroOrOne };

    public SessionHelpCommand(CliHost host) : base("help", "Show usage information.")
    {
        Add(_about);
        SetAction((parse, cancellation) =>
        {
            var about = parse.GetValue(_about);
            var session = (Command)Parents.Single();
            if (about is not null && session.Subcommands.All(command => command.Name != about))
            {
                return Task.FromResult(SessionErrors.NoCommand(about, session, host));
            }

            string[] line = about is null ? [SessionCommand.Word, "--help"] : [SessionCommand.Word, about, "--help"];
            return parse.RootCommandResult.Command.Parse(line, parse.Configuration).InvokeAsync(
                parse.InvocationConfiguration, cancellation);
        });
    }
}

/// <summary><c>session version</c>. Asks nobody.</summary>
internal sealed class SessionVersionCommand : SessionToolCommand
{
    public SessionVersionCommand(CliHost host)
        : base(host, "version", "Show version number.")
    {
        Prints(SessionShapes.Version, "ok", "tool");
        Examples = ["session-mesh session version"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Output.IsTable)
        {
            context.Output.WriteLine($"session-mesh session {ToolVersion.Current}");
        }
        else
        {
            context.Output.Write(SessionShapes.Ok(json =>
            {
                json.WriteString("tool"u8, "session"u8);
                json.WriteString("version"u8, ToolVersion.Current);
            }), SessionShapes.Version);
        }

        return Task.FromResult(ExitCodes.Done);
    }
}
