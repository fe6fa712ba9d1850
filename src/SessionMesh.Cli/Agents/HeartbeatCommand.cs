using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Steering;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary><c>heartbeat</c>: an agent says that it lives and what it does, and hears what is pending.</summary>
internal sealed class HeartbeatCommand : MeshCommand
{
    private readonly AgentIdOption _agent;
    private readonly Option<string?> _activity = Opt.Choice("--activity", "What the agent is doing", AgentActivity.All);
    private readonly Option<double?> _load = Opt.Fraction("--load", "0 (idle) to 1 (full)", 1);
    private readonly Option<double?> _progress = Opt.Fraction("--progress", "A number that grows as the work does", double.MaxValue);

    private readonly Option<int?> _interval =
        Opt.Duration("--progress-interval", "Promise of progress within this time; 0 withdraws it", 0, Limits.MaxAgentTtl);

    private readonly Option<string?> _note = new("--note") { Description = "A line for whoever looks", HelpName = "TEXT" };

    public HeartbeatCommand(CliHost host) : base(host, "heartbeat", "Tell the mesh that an agent lives, and hear what is pending for it.")
    {
        _agent = new AgentIdOption(this, host, ownByDefault: true);
        Add(_activity);
        Add(_load);
        Add(_progress);
        Add(_interval);
        Add(_note);
        Prints(DirectiveViews.Heartbeat, json => json.Directive);
        Examples =
        [
            "session-mesh heartbeat",
            "session-mesh heartbeat --agent-id 123 --activity working --load 0.7 --progress 42 -o json",
        ];
        ExitNotes = ["5  this incarnation is over: the agent should stop"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "send a heartbeat";
        var id = _agent.Require(context);
        context.Doing = $"beat for agent {id}";
        var report = new HeartbeatRequest
        {
            Incarnation = AgentIdOption.IncarnationOf(context, id),
            Activity = context.Get(_activity),
            Load = context.Get(_load),
            Progress = context.Get(_progress),
            ProgressInterval = context.Get(_interval),
            Note = context.Get(_note),
        };
        var answer = await context.Client.SendAsync(MeshCall.Heartbeat(id, report), cancellation);
        if (context.Output.IsTable)
        {
            Explain(context, answer);
        }

        if (!context.Output.IsTable || DirectiveViews.Heartbeat.Rows(answer).Any())
        {
            context.Output.Write(answer, DirectiveViews.Heartbeat);
        }

        return ExitCodes.Done;
    }

    private static void Explain(CommandContext context, JsonElement answer)
    {
        var ttl = answer.TryGetProperty("ttl", out var t) ? t.GetRawText() : "?";
        var next = answer.TryGetProperty("next_heartbeat_in", out var n) ? n.GetRawText() : "?";
        context.Note($"alive for {ttl} s; beat again in {next} s");
    }
}
