using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;

namespace SessionMesh.Cli.Nodes;

/// <summary><c>nodes</c>: the servers that run on the mesh.</summary>
internal sealed class NodesCommand : MeshCommand
{
    private readonly ListOptions _list;

    public NodesCommand(CliHost host) : base(host, "nodes", "List the servers that run on the mesh, and how far each is behind.")
    {
        _list = new ListOptions(this);
        Prints(NodeViews.List, json => json.NodeRow);
        Examples =
        [
            "session-mesh nodes",
            "session-mesh nodes --sort -lag",
            "session-mesh nodes -o json | jq -r '.nodes[] | select(.judge) | .node_id'",
        ];
    }

    /// <summary>All of them are one answer.</summary>
    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list the nodes";
        await _list.WriteAsync(
            context, NodeViews.List, (_, _, token) => context.Client.SendAsync(MeshCall.Nodes(), token), cancellation);
        return ExitCodes.Done;
    }
}
