using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary><c>list</c>: which agents are alive, or in whatever state is asked for.</summary>
internal sealed class ListCommand : MeshCommand
{
    private readonly Option<string?> _filter = Opt.Choice("--filter", "Which agents, the living by default", AliveFilter.Allowed);
    private readonly Option<string?> _kind = Opt.Choice("--kind", "Agents, plain sessions or both; agents by default", SessionKind.Allowed);
    private readonly Option<string?> _spec = new("--spec") { Description = "Only those with this specialization", HelpName = "NAME" };

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Only this cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<bool> _allClusters = new("--all-clusters") { Description = "Every cluster, whatever the context says" };
    private readonly Option<int?> _limit = Opt.Number("--limit", $"Rows a page, {Limits.DefaultPage} by default", 1, Limits.MaxPage);
    private readonly Option<string?> _cursor = new("--cursor") { Description = "The next_cursor of the page before", HelpName = "CURSOR" };
    private readonly Option<bool> _all = new("--all") { Description = "All pages" };

    public ListCommand(CliHost host) : base(host, "list", "List agents: who is alive, doing what, heard when.")
    {
        Add(_filter);
        Add(_kind);
        Add(_spec);
        Add(_cluster);
        Add(_allClusters);
        Add(_limit);
        Add(_cursor);
        Add(_all);
        Examples =
        [
            "session-mesh list",
            "session-mesh list --filter alive --output json",
            "session-mesh list --filter stalled --spec image-processing -o name",
            "session-mesh list --all --fields agent_id,status,load -o csv",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list agents";
        var query = QueryOf(context);
        var page = await context.Client.SendAsync(MeshCall.Alive(query), cancellation);
        if (context.Get(_all))
        {
            page = await RestAsync(context, query, page, cancellation);
        }

        var isEmpty = !AgentViews.List.Rows(page).Any();
        if (!isEmpty || !context.Output.IsTable)
        {
            context.Output.Write(page, AgentViews.List);
        }

        if (context.Output.IsTable)
        {
            Explain(context, query, isEmpty, hasMore: Json.Text(page, "next_cursor") is not null);
        }

        return ExitCodes.Done;
    }

    /// <summary>Says what a table does not: that there is more, or why there is nothing.</summary>
    private void Explain(CommandContext context, AgentQuery query, bool isEmpty, bool hasMore)
    {
        if (isEmpty)
        {
            context.Note(
                query.Filter is AliveFilter.All
                    ? "no agent is known"
                    : $"no agent is {query.Filter ?? AgentStatus.Alive}; 'session-mesh list --filter all' shows every one that is known");
        }

        if (query.Cluster is not null && context.Get(_cluster) is null)
        {
            context.Note($"only cluster {query.Cluster}, as the selected context says; --all-clusters shows the others");
        }

        if (hasMore)
        {
            context.Note("there are more: add --all, or --limit up to 1000");
        }
    }

    private AgentQuery QueryOf(CommandContext context) => new()
    {
        Filter = context.Get(_filter),
        Kind = context.Get(_kind),
        Specialization = context.Get(_spec),
        Cluster = context.Get(_allClusters) ? null : context.Get(_cluster) ?? context.Settings.Cluster,
        Limit = context.Get(_limit) ?? (context.Get(_all) ? Limits.MaxPage : null),
        Cursor = context.Get(_cursor),
        Fields = context.Output.Format is OutputFormat.Name ? AgentViews.List.Names : context.Output.Fields,
    };

    /// <summary>All pages as one: the first page's document with everybody's rows, their number, and nothing to follow.</summary>
    private static async Task<JsonElement> RestAsync(
        CommandContext context, AgentQuery query, JsonElement first, CancellationToken cancellation)
    {
        var rows = AgentViews.List.Rows(first).ToList();
        for (var cursor = Json.Text(first, "next_cursor"); cursor is not null;)
        {
            var page = await context.Client.SendAsync(MeshCall.Alive(query with { Cursor = cursor }), cancellation);
            rows.AddRange(AgentViews.List.Rows(page));
            cursor = Json.Text(page, "next_cursor");
        }

        return Json.Build(json =>
        {
            json.WriteStartArray("sessions"u8);
            foreach (var row in rows)
            {
                row.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteNumber("count"u8, rows.Count);
            json.WriteNull("next_cursor"u8);
            foreach (var member in first.EnumerateObject().Where(m => m.Name is not ("sessions" or "count" or "next_cursor")))
            {
                member.WriteTo(json);
            }
        });
    }
}
