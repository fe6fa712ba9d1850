using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Steering;

/// <summary><c>inbox</c>: the directives that wait for an agent, once, after a wait, or as they come.</summary>
internal sealed class InboxCommand : MeshCommand
{
    private readonly AgentIdOption _agent;
    private readonly Option<long?> _after = Opt.Position("--after", "Only directives past this seq");
    private readonly Option<int?> _wait = Opt.Duration("--wait", "While there is none, wait this long for one", 0, Limits.MaxWait);
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on as they come, one a line, until interrupted" };

    public InboxCommand(CliHost host) : base(host, "inbox", "Show the directives that are pending for an agent.")
    {
        _agent = new AgentIdOption(this, host, ownByDefault: true);
        Add(_after);
        Add(_wait);
        Add(_follow);
        Prints(DirectiveViews.Inbox, json => json.Directive);
        Examples =
        [
            "session-mesh inbox --agent-id 123",
            "session-mesh inbox --wait 30s -o json",
            "session-mesh inbox --follow -o json | while read -r directive; do …; done",
        ];
        ExitNotes = ["5  with --follow: this life of the agent is over", "130  interrupted"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "read the inbox of an agent";
        var id = _agent.Require(context);
        context.Doing = $"read the inbox of agent {id}";
        if (context.Get(_follow))
        {
            return await FollowAsync(context, id, cancellation);
        }

        var answer = await context.Client.SendAsync(MeshCall.Directives(id, context.Get(_after), context.Get(_wait)), cancellation);
        context.Output.Write(answer, DirectiveViews.Inbox);
        return ExitCodes.Done;
    }

    private async Task<int> FollowAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        if (context.Get(_wait) is not null)
        {
            throw CommandException.Usage("--follow cannot be combined with --wait", "leave one of them out");
        }

        var stream = new DirectiveStream(
            context.Client, id, StreamEnds.Options(context, context.Get(_after), AgentIdOption.IncarnationOf(context, id)));
        await foreach (var directive in stream.ReadJsonAsync(cancellation))
        {
            context.Output.WriteRow(directive, DirectiveViews.Inbox);
            context.Output.Flush();
        }

        throw StreamEnds.ToException(stream.End, context);
    }
}
