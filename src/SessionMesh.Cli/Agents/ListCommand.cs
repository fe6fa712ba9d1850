using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Watch;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary><c>list</c>: which agents are alive, or in whatever state is asked for.</summary>
internal sealed class ListCommand : MeshCommand
{
    private readonly Option<string?> _filter = Opt.Choice("--filter", "Which agents, the living by default", AliveFilter.Allowed);
    private readonly Option<string?> _kind = Opt.Choice("--kind", "Agents, plain sessions or both; agents by default", SessionKind.Allowed);
    private readonly Option<string[]> _spec =
        new("--spec") { Description = "Only those with this specialization; may be repeated, and then with all", HelpName = "NAME" };

    private readonly Option<string[]> _anySpec =
        new("--any-spec") { Description = "Only those with this specialization, or another one named so", HelpName = "NAME" };

    private readonly Option<string[]> _labels = new("--label", "-l")
    {
        Description = "Only those whose labels match: env=prod, tier!=free; may be repeated, and then all must hold",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<string?> _user = new("--user") { Description = "Only those of this user", HelpName = "NAME" };

    private readonly Option<string?> _search = new("--search")
    {
        Description = "Only those with each of these words in their id, note, labels or other texts",
        HelpName = "WORDS",
    };

    private readonly Option<string?> _parent = Opt.Id("--parent", "Only children of this agent");
    private readonly Option<string?> _subtree = Opt.Id("--subtree", "Only this agent and all below it");

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Only this cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<bool> _allClusters = new("--all-clusters") { Description = "Every cluster, whatever the context says" };
    private readonly Option<string?> _cursor = new("--cursor") { Description = "Go on after this next_cursor", HelpName = "CURSOR" };
    private readonly ListOptions _list;
    private readonly WatchOption _watch;

    public ListCommand(CliHost host) : base(host, "list", "List agents: who is alive, doing what, heard when.")
    {
        foreach (var option in new Option[]
        {
            _filter, _kind, _spec, _anySpec, _labels, _user, _search, _parent, _subtree, _cluster, _allClusters,
        })
        {
            Add(option);
        }

        _list = new ListOptions(this);
        _list.Sorts(AliveSort.Id, "agent_id");
        _list.Sorts(AliveSort.Age, "-created_at");
        _list.Sorts(AliveSort.LastSeen, "last_heartbeat_at");
        Add(_cursor);
        _watch = new WatchOption(this);
        Prints(AgentViews.List, json => json.AgentRow);
        Examples =
        [
            "session-mesh list",
            "session-mesh list --watch",
            "session-mesh list --filter alive --output json",
            "session-mesh list --filter stalled --spec image-processing -o name",
            "session-mesh list -l env=prod -l tier!=free --sort -load --limit 10",
            "session-mesh list --filter orphaned --search 'nightly build'",
            "session-mesh list --fields agent_id,status,load -o csv",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list agents";
        var query = QueryOf(context);
        if (_watch.IsWanted(context))
        {
            return await WatchAsync(context, query, cancellation);
        }

        var isFirst = true;
        var listed = await _list.WriteAsync(
            context,
            AgentViews.List,
            (limit, cursor, token) =>
            {
                var page = query with
                {
                    Limit = limit,
                    Cursor = cursor ?? query.Cursor,
                    WithTotal = isFirst && _list.LimitOf(context) is not null,
                };
                isFirst = false;
                return context.Client.SendAsync(MeshCall.Alive(page), token);
            },
            cancellation,
            isSorted: query.Sort is not null);
        if (listed.Rows == 0 && context.Output.IsTable)
        {
            context.Note(Nothing(query));
        }

        if (query.Cluster is not null && context.Get(_cluster) is null)
        {
            context.Note($"only cluster {query.Cluster}, as the selected context says; --all-clusters shows the others");
        }

        return ExitCodes.Done;
    }

    private Task<int> WatchAsync(CommandContext context, AgentQuery query, CancellationToken cancellation)
    {
        string[] kinds = query.Kind is null or SessionKind.Agent ? ["agent.*"] : ["agent.*", "session.*"];
        return WatchLoop.RunAsync(
            context,
            new WatchedList(
                context,
                AgentViews.List,
                new EventQuery { Kinds = [.. kinds, "directive.acknowledged"] }, // by which an agent pauses, or has another direction
                token => _list.ReadAsync(
                    context,
                    AgentViews.List,
                    (limit, cursor, page) => context.Client.SendAsync(
                        MeshCall.Alive(query with { Limit = limit, Cursor = cursor ?? query.Cursor, Fields = null }), page),
                    token,
                    isSorted: query.Sort is not null))
            {
                Restless = AgentViews.Restless,
            },
            cancellation);
    }

    /// <summary>Why there is nothing, without saying more than was asked.</summary>
    private static string Nothing(AgentQuery query)
    {
        var isNarrowed = query is not
        {
            Specializations.Count: 0, AnySpecialization.Count: 0, LabelTerms.Count: 0, User: null, Search: null, Parent: null,
            Subtree: null, Cluster: null, Cursor: null,
        };
        var whom = query.Kind is SessionKind.Session ? "session" : "agent";
        return (query.Filter, isNarrowed) switch
        {
            (AliveFilter.All, false) => $"no {whom} is known",
            (AliveFilter.All, true) => $"no {whom} matches; 'session-mesh list --filter all --all-clusters' shows every one that is known",
            (var filter, var narrowed) => $"no {whom} {(narrowed ? "that matches " : "")}is {filter ?? AgentStatus.Alive}; "
                + "'session-mesh list --filter all' shows those that are not",
        };
    }

    private AgentQuery QueryOf(CommandContext context) => new()
    {
        Filter = context.Get(_filter),
        Kind = context.Get(_kind),
        Specializations = context.Get(_spec) ?? [],
        AnySpecialization = context.Get(_anySpec) ?? [],
        LabelTerms = context.Get(_labels) ?? [],
        User = context.Get(_user),
        Search = context.Get(_search),
        Parent = context.Get(_parent),
        Subtree = context.Get(_subtree),
        Cluster = context.Get(_allClusters) ? null : context.Get(_cluster) ?? context.Settings.Cluster,
        Cursor = context.Get(_cursor),

        // The first rows of a table. A cursor is of a list in the server's own order; of plain sessions the server knows no other.
        Sort = _list.LimitOf(context) is not null && _list.IsByName(context) && context.Get(_cursor) is null
            && context.Get(_kind) is null or SessionKind.Agent
            ? AliveSort.Id
            : null,
        Fields = _list.FieldsFor(context, AgentViews.List),
    };
}
