using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Steering;

/// <summary><c>history</c>: everything an agent was told, newest first, and what became of it.</summary>
internal sealed class HistoryCommand : MeshCommand
{
    private readonly AgentIdOption _agent;
    private readonly Option<int?> _limit = Opt.Number("--limit", $"At most this many, {Limits.DefaultPage} by default", 1, Limits.MaxPage);
    private readonly Option<string?> _cursor = new("--cursor") { Description = "The next_cursor of the page before", HelpName = "CURSOR" };

    public HistoryCommand(CliHost host) : base(host, "history", "Show everything an agent was told, newest first, and what became of it.")
    {
        _agent = new AgentIdOption(this, host, ownByDefault: true);
        Add(_limit);
        Add(_cursor);
        Examples = ["session-mesh history 123", "session-mesh history 123 --limit 10 -o json"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = _agent.Require(context);
        context.Doing = $"read the history of agent {id}";
        var answer = await context.Client.SendAsync(MeshCall.History(id, context.Get(_limit), context.Get(_cursor)), cancellation);
        var isEmpty = !DirectiveViews.History.Rows(answer).Any();
        if (!isEmpty || !context.Output.IsTable)
        {
            context.Output.Write(answer, DirectiveViews.History);
        }

        if (!context.Output.IsTable)
        {
            return ExitCodes.Done;
        }

        if (isEmpty)
        {
            context.Note($"agent {id} was never told anything");
        }

        if (Json.Text(answer, "next_cursor") is { } cursor)
        {
            context.Note($"there is more: add --cursor {cursor}, or --limit up to {Limits.MaxPage}");
        }

        return ExitCodes.Done;
    }
}
