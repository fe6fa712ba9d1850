using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Steering;

/// <summary><c>history</c>: everything an agent was told, newest first, and what became of it.</summary>
internal sealed class HistoryCommand : MeshCommand
{
    private readonly AgentIdOption _agent;
    private readonly Option<string?> _cursor = new("--cursor") { Description = "Go on after this next_cursor", HelpName = "CURSOR" };
    private readonly ListOptions _list;

    public HistoryCommand(CliHost host) : base(host, "history", "Show everything an agent was told, newest first, and what became of it.")
    {
        _agent = new AgentIdOption(this, host, ownByDefault: true);
        _list = new ListOptions(this, isOrdered: true);
        Add(_cursor);
        Prints(DirectiveViews.History, json => json.Directive);
        Examples = ["session-mesh history 123", "session-mesh history 123 --limit 10 -o json"];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "read the history of an agent";
        var id = _agent.Require(context);
        context.Doing = $"read the history of agent {id}";
        var listed = await _list.WriteAsync(
            context,
            DirectiveViews.History,
            (limit, cursor, token) => context.Client.SendAsync(MeshCall.History(id, limit, cursor ?? context.Get(_cursor)), token),
            cancellation);
        if (listed.Rows == 0 && context.Output.IsTable)
        {
            context.Note($"agent {id} was never told anything");
        }

        return ExitCodes.Done;
    }
}
