using System.CommandLine;
using SessionMesh.Cli.Agents;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Lineage;

/// <summary><c>move</c>: puts an agent, with all below it, under another parent or under none.</summary>
internal sealed class MoveCommand : MeshCommand
{
    private readonly AgentIdOption _agent;
    private readonly Option<string?> _parent = Opt.Id("--parent", "The new parent");
    private readonly Option<bool> _noParent = new("--no-parent") { Description = "Under none: it becomes the root of its tree" };

    public MoveCommand(CliHost host) : base(host, "move", "Put an agent, with all below it, under another parent or under none.")
    {
        _agent = new AgentIdOption(this, host);
        Add(_parent);
        Add(_noParent);
        Prints(AgentViews.One, json => json.AgentRow);
        Usage = "AGENT (--parent ID | --no-parent) [options]";
        Examples = ["session-mesh move worker-7 --parent lead-2", "session-mesh move worker-7 --no-parent"];
        ExitNotes = ["3  no such agent", "4  the key does not reach the agent, what is below it, or the new place"];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = _agent.Require(context);
        context.Doing = $"move agent {id}";
        var parent = context.Get(_parent);
        if ((parent is null) != context.Get(_noParent))
        {
            throw CommandException.Usage(
                parent is null ? "no parent is named" : "--parent cannot be combined with --no-parent",
                $"session-mesh move {id} --parent ID, or --no-parent");
        }

        context.Output.Write(await context.Client.SendAsync(MeshCall.Move(id, parent), cancellation), AgentViews.One);
        if (context.Output.IsTable)
        {
            context.Note(parent is null ? $"agent {id} has no parent now" : $"agent {id} is below {parent} now, with all that is below it");
        }

        return ExitCodes.Done;
    }
}
