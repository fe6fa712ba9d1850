using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Sessions.Defaults;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions;

/// <summary><c>session create</c>.</summary>
internal sealed class CreateSessionCommand : SessionToolCommand
{
    private readonly Option<string?> _id = Opt.Id("--id", "Its id (default: 12 hex digits, chosen by the server)");

    private readonly Option<string?> _user = new("--user")
    {
        Description = "Whose it is (default: config default_user, else anonymous)",
        HelpName = "USER",
    };

    private readonly Option<int?> _ttl = SessionOpt.Ttl("How long it lives (default: config default_ttl, else 1h)");
    private readonly Option<Dictionary<string, string>?> _meta = SessionOpt.Meta("Metadata; may be repeated");

    public CreateSessionCommand(CliHost host) : base(host, "create", "Create a new session with optional metadata.")
    {
        Add(_id);
        Add(_user);
        Add(_ttl);
        Add(_meta);
        PrintsSessions();
        Examples =
        [
            "session-mesh session create --user alice --ttl 3600",
            "session-mesh session create --user alice --ttl 1h30m --meta theme=dark,lang=en --meta origin=web",
            "session-mesh session create --ttl none -o name",
        ];
        ExitNotes = ["5  there is a session of that id"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "create a session";
        var defaults = SessionDefaults.Load(context);
        var created = await context.Client.CreateSessionAsync(
            new CreateSessionRequest
            {
                Id = context.Get(_id),
                User = context.Get(_user) ?? defaults.DefaultUser,
                Ttl = context.Get(_ttl) ?? defaults.DefaultTtl,
                Meta = context.Get(_meta) is { Count: > 0 } meta ? meta : null,
            },
            cancellation);
        WriteSession(context, created);
        return ExitCodes.Done;
    }
}
