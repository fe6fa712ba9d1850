using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Links;

/// <summary><c>link</c>: declares what two agents have to do with each other; <c>--list</c> shows what is declared.</summary>
internal sealed class LinkCommand : MeshCommand
{
    private readonly LinkEnds _ends;
    private readonly Option<double?> _weight = Opt.Fraction("--weight", "What it weighs; 1 for a new one", Limits.MaxLinkWeight);
    private readonly Option<bool> _lists = new("--list") { Description = "Show the links that are declared, oldest first" };
    private readonly AgentIdOption _agent;
    private readonly ListOptions _list;

    public LinkCommand(CliHost host) : base(host, "link", "Declare a link between two agents, beside who started whom.")
    {
        _ends = new LinkEnds(
            this, host, $"What they have to do with each other; '{LinkRequest.DefaultKind}' by default. With --list: only this kind");
        Add(_weight);
        Add(_lists);
        _agent = new AgentIdOption(this, host, positional: false);
        _list = new ListOptions(this, isOrdered: true);
        Prints(LinkViews.List, json => json.LinkRow);
        Usage = "FROM TO [options], or --list";
        Examples =
        [
            "session-mesh link w1 reviewer --kind sends-to",
            "session-mesh link w1 db --kind uses --weight 2.5",
            "session-mesh link --list --agent-id w1",
            "session-mesh link --list --kind uses -o json",
        ];
        ExitNotes = ["3  no such agent"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(_lists))
        {
            return await ListAsync(context, cancellation);
        }

        if (_list.IsUsed(context) || _agent.Find(context) is not null)
        {
            throw CommandException.Usage("--agent-id, --limit and --sort are for --list", "add --list, or leave them out");
        }

        context.Doing = "declare a link";
        var (from, to) = _ends.Require(context);
        context.Doing = $"declare a link from {from} to {to}";
        context.Output.Write(
            await context.Client.SendAsync(
                MeshCall.PutLink(new LinkRequest { From = from, To = to, Kind = _ends.KindOf(context), Weight = context.Get(_weight) }),
                cancellation),
            LinkViews.One);
        return ExitCodes.Done;
    }

    private async Task<int> ListAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list links";
        if (_ends.AreNamed(context) || context.Get(_weight) is not null)
        {
            throw CommandException.Usage("--list declares nothing: it takes --agent-id and --kind", "leave the others out");
        }

        var (agent, kind) = (_agent.Find(context), _ends.KindOf(context));
        var listed = await _list.WriteAsync(
            context,
            LinkViews.List,
            (limit, cursor, token) => context.Client.SendAsync(
                MeshCall.Links(new LinkQuery { AgentId = agent, Kind = kind, Limit = limit, Cursor = cursor }), token),
            cancellation);
        if (listed.Rows == 0 && context.Output.IsTable)
        {
            context.Note(agent is null && kind is null ? "no link is declared" : "no link that matches is declared");
        }

        return ExitCodes.Done;
    }
}
