using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Cli.Watch;
using SessionMesh.Client;

namespace SessionMesh.Cli.Agents;

/// <summary><c>show</c>: everything that is known of agents, and what happened to them of late.</summary>
internal sealed class ShowCommand : MeshCommand
{
    private const string Events = "events";

    /// <summary>Events of one agent.</summary>
    private const int Recent = 10;

    private readonly AgentIdOption _agent;
    private readonly WatchOption _watch;

    public ShowCommand(CliHost host)
        : base(host, "show", "Show agents: what each does, when it was heard, how its last life ended, what happened to it of late.")
    {
        _agent = new AgentIdOption(this, host, several: true, ownByDefault: true);
        _watch = new WatchOption(this);
        Prints(AgentDetailView.All, json => json.AgentDetail);
        Usage = "[AGENT…] [options]";
        Examples =
        [
            "session-mesh show 123",
            "session-mesh show 123 456 -o wide",
            "session-mesh show 123 --watch",
            "session-mesh show --agent-id 123 --output json",
        ];
        ExitNotes = ["3  no such agent", "7  some of several are not there"];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var ids = _agent.All(context);
        context.Doing = ids.Count > 1 ? $"show {ids.Count} agents" : $"show agent {_agent.Require(context)}";
        int? events = context.Output.Format is OutputFormat.Name or OutputFormat.Csv || context.Output.Fields?.Contains(Events) == false
            ? null
            : Recent;
        if (_watch.IsWanted(context))
        {
            return await WatchLoop.RunAsync(context, new WatchedAgents(context, ids, events), cancellation);
        }

        if (ids.Count > 1)
        {
            return await new EachNamed(context, "agent", "agent_id", "shown")
                .RunAsync(ids, AgentViews.List, id => MeshCall.Agent(id, context.Output.IsTable ? null : events), cancellation);
        }

        var agent = await context.Client.SendAsync(MeshCall.Agent(ids[0], events), cancellation);
        context.Output.Write(agent, AgentDetailView.All);
        if (context.Output is { IsTable: true, Fields: null } && EventsOf(agent) is { Count: > 0 } happened)
        {
            context.Output.WriteLine("");
            context.Output.WriteTable(happened, EventViews.Recent);
        }

        return ExitCodes.Done;
    }

    /// <summary>What happened to an agent, as far as its row has it.</summary>
    public static IReadOnlyList<JsonElement> EventsOf(JsonElement agent) =>
        agent.TryGetProperty(Events, out var happened) && happened.ValueKind == JsonValueKind.Array ? [.. happened.EnumerateArray()] : [];
}
