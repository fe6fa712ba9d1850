using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary><c>ack</c>: what an agent says of a directive it received.</summary>
internal sealed class AckCommand : MeshCommand
{
    private readonly AgentIdOption _agent;
    private readonly Option<long?> _seq = Opt.Position("--seq", "The directive's number in the agent's inbox");
    private readonly Option<string?> _state = Opt.Choice("--state", "What became of it, acknowledged by default", DirectiveState.Acks);
    private readonly Option<string?> _note = new("--note") { Description = "What the agent has to say", HelpName = "TEXT" };

    public AckCommand(CliHost host) : base(host, "ack", "Answer a directive: accepted, acknowledged or rejected.")
    {
        _agent = new AgentIdOption(this, host, positional: false, ownByDefault: true);
        _seq.Required = true;
        Add(_seq);
        Add(_state);
        Add(_note);
        Prints(DirectiveViews.One, json => json.Directive);
        Examples =
        [
            "session-mesh ack --agent-id 123 --seq 4 --state acknowledged",
            "session-mesh ack --seq 4 --state rejected --note 'no way west'",
        ];
        ExitNotes = ["5  the directive is over already, or this incarnation is"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = _agent.Require(context);
        var seq = context.Get(_seq)!.Value;
        context.Doing = $"acknowledge directive {seq} of agent {id}";
        var directive = await context.Client.SendAsync(
            MeshCall.Ack(id, seq, new AckRequest
            {
                State = context.Get(_state) ?? DirectiveState.Acknowledged,
                Note = context.Get(_note),
                Incarnation = AgentIdOption.IncarnationOf(context, id),
            }),
            cancellation);
        context.Output.Write(directive, DirectiveViews.One);
        return ExitCodes.Done;
    }
}
