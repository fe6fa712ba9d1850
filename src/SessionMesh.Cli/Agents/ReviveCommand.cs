using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Agents;

/// <summary><c>revive</c>: lifts the tombstone of an unconfirmed end, for a caller who knows that the process is gone.</summary>
internal sealed class ReviveCommand : MeshCommand
{
    private readonly AgentIdOption _agent;

    public ReviveCommand(CliHost host) : base(host, "revive", "Let an agent register again whose end nobody confirmed.")
    {
        _agent = new AgentIdOption(this, host);
        Usage = "AGENT [options]";
        Examples = ["session-mesh revive 456"];
        ExitNotes = ["5  there is no tombstone: it may register by itself"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = _agent.Require(context);
        context.Doing = $"revive agent {id}";
        context.Output.Write(await context.Client.SendAsync(MeshCall.Revive(id), cancellation), AgentViews.One);
        if (context.Output.IsTable)
        {
            context.Note($"agent {id} may register again; this starts nothing");
        }

        return ExitCodes.Done;
    }
}
