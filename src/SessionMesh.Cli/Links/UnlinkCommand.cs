using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Links;

/// <summary><c>unlink</c>: removes a link between two agents.</summary>
internal sealed class UnlinkCommand : MeshCommand
{
    private readonly LinkEnds _ends;

    public UnlinkCommand(CliHost host) : base(host, "unlink", "Remove a link between two agents.")
    {
        _ends = new LinkEnds(this, host, $"Which of their links; '{LinkRequest.DefaultKind}' by default");
        Prints(LinkViews.One, json => json.LinkRow);
        Usage = "FROM TO [options]";
        Examples = ["session-mesh unlink w1 reviewer --kind sends-to"];
        ExitNotes = ["3  no such agent, or no such link"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "remove a link";
        var (from, to) = _ends.Require(context);
        context.Doing = $"remove the link from {from} to {to}";
        context.Output.Write(
            await context.Client.SendAsync(MeshCall.RemoveLink(from, to, _ends.KindOf(context)), cancellation), LinkViews.One);
        return ExitCodes.Done;
    }
}
