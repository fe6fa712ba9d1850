using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Client;

namespace SessionMesh.Cli.Steering;

/// <summary><c>cancel</c>: takes back a directive that has not been delivered.</summary>
internal sealed class CancelCommand : MeshCommand
{
    private readonly Argument<string?> _directive = Opt.IdArgument("directive", "The directive_id, as steer answers and history shows it");

    public CancelCommand(CliHost host) : base(host, "cancel", "Take back a directive that has not been delivered.")
    {
        Add(_directive);
        Usage = "DIRECTIVE [options]";
        Examples = ["session-mesh cancel d-1742"];
        ExitNotes = ["3  no such directive", "5  it is delivered, or over: there is nothing to take back"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = context.Get(_directive) ?? throw CommandException.Usage("no directive is named", "session-mesh cancel DIRECTIVE_ID");
        context.Doing = $"cancel directive {id}";
        context.Output.Write(await context.Client.SendAsync(MeshCall.CancelDirective(id), cancellation), DirectiveViews.One);
        return ExitCodes.Done;
    }
}
