using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Agents;

/// <summary><c>revive</c>: lifts the tombstone of an unconfirmed end, for a caller who knows that the process is gone.</summary>
internal sealed class ReviveCommand : MeshCommand
{
    private static readonly View s_many = AgentViews.One with { Table = [.. AgentViews.One.Table, Column.Of("code") with { Rank = 0 }] };

    private readonly AgentIdOption _agent;

    public ReviveCommand(CliHost host) : base(host, "revive", "Let an agent register again whose end nobody confirmed.")
    {
        _agent = new AgentIdOption(this, host, several: true);
        Usage = "AGENT… [options]";
        Prints(AgentViews.One, json => json.AgentRow);
        Examples = ["session-mesh revive 456", "session-mesh revive 456 457"];
        ExitNotes = ["5  there is no tombstone: it may register by itself", "7  some of several were refused"];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var ids = _agent.All(context);
        if (ids.Count > 1)
        {
            context.Doing = $"revive {ids.Count} agents";
            return await new EachNamed(context, "agent", "agent_id", "revived").RunAsync(ids, s_many, MeshCall.Revive, cancellation);
        }

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
