using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Agents;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Cli.Watch;
using SessionMesh.Client;
using SessionMesh.Client.Streams;

namespace SessionMesh.Cli.Lineage;

/// <summary><c>tree</c>: who started whom, with what is at and below each.</summary>
internal sealed class TreeCommand : MeshCommand
{
    private static readonly View s_view = new()
    {
        RowsMember = "agents",
        Names = ["agent_id"],
        Table =
        [
            new("agent", TreeRows.Branch, (row, _) => Json.Text(row, TreeRows.Branch) ?? Json.Text(row, "agent_id") ?? "-") { Rank = 0 },
            AgentDetailView.Status with { Rank = 0 },
            Column.Of("activity") with { Rank = 2 },
            Column.Of("load") with { Rank = 2 },
            new("below", "subtree", (row, _) => Below(row)),
            new("pending", "subtree", (row, _) => Sum(row, "pending") is var pending and > 0 ? $"{pending}" : "-") { Rank = 3 },
        ],
        More =
        [
            Column.Of("agent_id"), Column.Of("parent", "parent_id"), Column.Of("cluster"), Column.Of("specializations"),
            Column.Of("heartbeat", "last_heartbeat_at"),
        ],
    };

    private readonly AgentIdOption _agent;
    private readonly Option<int?> _depth = Opt.Number("--depth", "Only so many levels", 0, int.MaxValue);
    private readonly Option<bool> _dead = new("--dead") { Description = "All of the dead, too, not only those that others live below" };

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Only this cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<bool> _allClusters = new("--all-clusters") { Description = "Every cluster, whatever the context says" };
    private readonly ListOptions _list;
    private readonly WatchOption _watch;

    public TreeCommand(CliHost host) : base(host, "tree", "Show who started whom, and what is at and below each.")
    {
        _agent = new AgentIdOption(this, host);
        foreach (var option in new Option[] { _depth, _dead, _cluster, _allClusters })
        {
            Add(option);
        }

        _list = new ListOptions(this, arrange: TreeRows.Arrange);
        _watch = new WatchOption(this);
        Prints(s_view, json => json.TopologyRow);
        Usage = "[AGENT] [options]";
        Examples = ["session-mesh tree", "session-mesh tree lead --depth 2", "session-mesh tree --watch", "session-mesh tree --sort -load"];
        ExitNotes = ["3  no such agent"];
    }

    protected override bool TakesPrefixes(CommandContext context) => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "show the tree";
        var fields = _list.FieldsFor(context, s_view);
        var query = new TopologyQuery
        {
            Root = _agent.Find(context),
            Depth = context.Get(_depth),
            WithDead = context.Get(_dead),
            Cluster = context.Get(_allClusters) ? null : context.Get(_cluster) ?? context.Settings.Cluster,
            Fields = FieldsOf(context, fields),
        };
        Task<JsonElement> ReadAsync(int limit, string? cursor, CancellationToken token) =>
            context.Client.SendAsync(MeshCall.Topology(query with { Limit = limit, Cursor = cursor }), token);
        if (_watch.IsWanted(context))
        {
            query = query with { Fields = null }; // a change is told by all of a row
            return await WatchLoop.RunAsync(
                context,
                // By an acknowledgement an agent pauses; and the sums have what waits in inboxes.
                new WatchedList(context, s_view, new EventQuery { Kinds = ["agent.*", "directive.*"] }, token =>
                    _list.ReadAsync(context, s_view, ReadAsync, token))
                {
                    Restless = AgentViews.Restless,
                },
                cancellation);
        }

        var listed = await _list.WriteAsync(context, s_view, ReadAsync, cancellation);
        if (listed.Rows == 0 && context.Output.IsTable)
        {
            context.Note("no living agent matches; --dead shows those that have ended");
        }

        if (query.Cluster is not null && context.Get(_cluster) is null)
        {
            context.Note($"only cluster {query.Cluster}, as the selected context says; --all-clusters shows the others");
        }

        return ExitCodes.Done;
    }

    /// <summary>The sums are in every row, and a table needs the ids to be a tree.</summary>
    private static IReadOnlyList<string>? FieldsOf(CommandContext context, IReadOnlyList<string>? fields)
    {
        var asked = (fields ?? []).Where(field => field is not ("subtree" or TreeRows.Branch));
        return fields is null ? null
            : context.Output.IsTable ? [.. asked.Concat(["agent_id", "parent_id"]).Distinct()]
            : asked.Any() ? [.. asked]
            : ["agent_id"];
    }

    /// <summary>What is below an agent, without itself: <c>3 alive, 1 stalled, 1 lost</c>.</summary>
    private static string Below(JsonElement row)
    {
        if (!row.TryGetProperty("subtree", out var sum) || sum.ValueKind != JsonValueKind.Object)
        {
            return "-";
        }

        var isDead = Json.Text(row, "status") == Contracts.Agents.AgentStatus.Dead;
        var below = Sum(row, "agents") - (isDead ? 0 : 1);
        if (below <= 0)
        {
            return "-";
        }

        var (alive, lost) = (Sum(row, "alive"), Sum(row, "lost"));
        alive -= Json.Text(row, "status") == Contracts.Agents.AgentStatus.Alive ? 1 : 0;
        lost -= Json.Text(row, "status") == Contracts.Agents.AgentStatus.Lost ? 1 : 0;
        var parts = new[] { (alive, "alive"), (lost, "lost"), (below - alive - lost, "other") };
        return string.Join(", ", parts.Where(part => part.Item1 > 0).Select(part => $"{part.Item1} {part.Item2}"));
    }

    private static int Sum(JsonElement row, string member) =>
        row.TryGetProperty("subtree", out var sum) && sum.ValueKind == JsonValueKind.Object && sum.TryGetProperty(member, out var value)
            ? value.GetInt32()
            : 0;
}
