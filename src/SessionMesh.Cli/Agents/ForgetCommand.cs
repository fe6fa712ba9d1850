using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary><c>forget</c>: takes agents that are dead or lost out of the mesh, each by itself.</summary>
internal sealed class ForgetCommand : MeshCommand
{
    /// <summary>Agents that a question names before it only counts.</summary>
    private const int MostNamed = 5;

    private static readonly View s_one = View.Single("agent_id", ["agent_id", "incarnation", "status", "orphans"]);

    private readonly Argument<string[]> _agents = Opt.IdArguments("agent", "The agents");
    private readonly Option<string?> _agent = Opt.Id("--agent-id", "The agent");
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only show them" };

    public ForgetCommand(CliHost host) : base(host, "forget", "Take agents out of the mesh that are dead or lost.")
    {
        Add(_agents);
        foreach (var option in new Option[] { _agent, _yes, _dryRun })
        {
            Add(option);
        }

        Usage = "AGENT… [options]";
        Prints(s_one, "code");
        Prints(AgentDetailView.All, json => json.AgentDetail);
        Examples = ["session-mesh forget 456", "session-mesh forget 456 457 --yes"];
        ExitNotes =
        [
            "1  the answer to the question was no",
            "2  no terminal to ask on, and no --yes",
            "5  it is neither dead nor lost, or nobody confirmed its end yet",
            "7  some of many were not forgotten",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        List<string> ids = [.. context.Get(_agents)!.Concat(context.Get(_agent) is { } one ? [one] : []).Distinct()];
        if (ids.Count == 0)
        {
            throw CommandException.Usage("no agent is named", "session-mesh forget ID");
        }

        context.Doing = ids.Count == 1 ? $"forget agent {ids[0]}" : $"forget {ids.Count} agents";
        if (context.Get(_dryRun))
        {
            return await PreviewAsync(context, ids, cancellation);
        }

        if (!context.Get(_yes) && !await AgreedAsync(context, ids, cancellation))
        {
            context.Note("nothing was forgotten");
            return ExitCodes.Failed;
        }

        if (ids.Count > 1)
        {
            return await new EachNamed(context, "agent", "agent_id", "forgotten")
                .RunAsync(ids, AgentViews.Forgotten, MeshCall.Forget, cancellation);
        }

        context.Output.Write(await context.Client.SendAsync(MeshCall.Forget(ids[0]), cancellation), s_one);
        return ExitCodes.Done;
    }

    private static async Task<int> PreviewAsync(CommandContext context, List<string> ids, CancellationToken cancellation)
    {
        if (ids.Count == 1)
        {
            return await DryRun.ShowOneAsync(
                context, ids[0], "nothing was forgotten", "forgotten", status => status is AgentStatus.Dead or AgentStatus.Lost,
                cancellation);
        }

        var rows = new List<JsonElement>();
        foreach (var id in ids)
        {
            rows.Add(await context.Client.SendAsync(MeshCall.Agent(id), cancellation));
        }

        context.Output.Write(DryRun.With(rows), AgentViews.List);
        context.Note("dry run: nothing was forgotten");
        return ExitCodes.Done;
    }

    /// <summary>The question names the agents, their states and how many lose their parent.</summary>
    private static async Task<bool> AgreedAsync(CommandContext context, List<string> ids, CancellationToken cancellation)
    {
        if (!context.CanAsk || ids.Count > MostNamed)
        {
            return context.Confirm($"Forget {ids.Count} agents, with their keys and what they were told?");
        }

        var named = new List<string>();
        foreach (var id in ids)
        {
            var agent = await context.Client.AgentAsync(id, cancellation);
            named.Add($"{id} ({agent.Status}{Below(agent)})");
        }

        return context.Confirm(ids.Count == 1
            ? $"Forget agent {named[0]}, with its keys and what it was told?"
            : $"Forget agents {string.Join(", ", named)}, with their keys and what they were told?");
    }

    private static string Below(AgentDetail agent) => agent.Descendants switch
    {
        0 => "",
        1 => "; 1 descendant lives on",
        var n => $"; {n} descendants live on",
    };
}
