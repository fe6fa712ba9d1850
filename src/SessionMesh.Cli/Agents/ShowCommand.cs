using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Agents;

/// <summary><c>show</c>: everything that is known of one agent.</summary>
internal sealed class ShowCommand : MeshCommand
{
    private readonly AgentIdOption _agent;

    public ShowCommand(CliHost host) : base(host, "show", "Show one agent: what it does, when it was heard, how its last life ended.")
    {
        _agent = new AgentIdOption(this, host, ownByDefault: true);
        Examples = ["session-mesh show 123", "session-mesh show --agent-id 123 --output json"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = _agent.Require(context);
        context.Doing = $"show agent {id}";
        context.Output.Write(await context.Client.SendAsync(MeshCall.Agent(id), cancellation), AgentDetailView.All);
        return ExitCodes.Done;
    }
}
