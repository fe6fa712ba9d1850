using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Watch;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions;

/// <summary><c>session list</c>: every page, unless a limit is given.</summary>
internal sealed class ListSessionsCommand : SessionToolCommand
{
    private static readonly string[] s_byId = ["id"];

    private readonly Option<string?> _status = Opt.Choice("--status", "Only these", SessionStatus.All);
    private readonly Option<string?> _user = new("--user") { Description = "Only this user's", HelpName = "USER" };
    private readonly Option<int?> _limit = Opt.Number("--limit", "At most this many (default, and 0: all)", 0, int.MaxValue);
    private readonly Option<Dictionary<string, string>?> _meta = SessionOpt.Meta("Only those whose metadata has all of these");

    private readonly Option<string?> _kind =
        Opt.Choice("--kind", "Plain sessions, those of agents, or both; session by default", SessionKind.Allowed);

    private readonly SortOption _sort;
    private readonly WatchOption _watch;

    public ListSessionsCommand(CliHost host) : base(host, "list", "List all sessions, optionally filter by status.")
    {
        Add(_status);
        Add(_user);
        Add(_limit);
        Add(_meta);
        Add(_kind);
        Sort = _sort = new SortOption(this);
        _watch = new WatchOption(this);
        PrintsSessions();
        Examples =
        [
            "session-mesh session list --status active",
            "session-mesh session list --user alice --limit 10 --output json",
            "session-mesh session list --meta theme=dark -o name",
            "session-mesh session list --sort -created_at",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "list the sessions";
        var withVersion = ShowsVersion(context);
        if (_watch.IsWanted(context))
        {
            return await WatchAsync(context, withVersion, cancellation);
        }

        if (context.Output.Format is OutputFormat.Json)
        {
            var records = new RecordList();
            await foreach (var row in SortedAsync(context, cancellation))
            {
                records.Add(
                SessionShapes.Record(row, withVersion), context.Output.Fields);
            }

            records.Print(context.Host.Out);
            return ExitCodes.Done;
        }

        var rows = new List<SessionRow>();
        var isWhole = context.Output.IsTable || context.Output.Format is OutputFormat.Yaml;
        await foreach (var row in SortedAsync(context, cancellation))
        {
            if (isWhole)
            {
                rows.Add(row);
            }
            else
            {
                context.Output.WriteRow(SessionShapes.Record(row, withVersion), SessionShapes.Sessions);
            }
        }

        if (context.Output.IsTable && rows.Count == 0)
        {
            context.Note("there is no such session");
        }
        else
        {
            context.Output.Write(Document(rows, withVersion), SessionShapes.Sessions);
        }

        return ExitCodes.Done;
    }

    private Task<int> WatchAsync(CommandContext context, bool withVersion, CancellationToken cancellation)
    {
        string[] kinds = context.Get(_kind) is null or SessionKind.Session ? ["session.*"] : ["agent.*", "session.*"];
        return WatchLoop.RunAsync(
            context,
            new WatchedList(context, SessionShapes.Sessions, new EventQuery { Kinds = kinds }, async token =>
            {
                var rows = new List<JsonElement>();
                await foreach (var row in SortedAsync(context, token))
                {
                    rows.Add(SessionShapes.Record(row, withVersion));
                }

                return rows;
            }),
            cancellation);
    }

    /// <summary>
    /// In the server's order as they come; with <c>--sort</c>, and in a table, all of them in that order before they are bounded.
    /// </summary>
    private async IAsyncEnumerable<SessionRow> SortedAsync(
        CommandContext context, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var limit = context.Get(_limit) is > 0 and var most ? most : int.MaxValue;
        var order = _sort.Find(context, s_byId) ?? (context.Output.IsTable ? new RowOrder(s_byId) : null);
        if (order is null)
        {
            await foreach (var row in RowsAsync(context, limit, cancellation))
            {
                yield return row;
            }

            yield break;
        }

        var rows = new List<(SessionRow Row, JsonElement Record)>();
        await foreach (var row in RowsAsync(context, int.MaxValue, cancellation))
        {
            rows.Add((row, SessionShapes.Record(row, withVersion: true)));
        }

        foreach (var (row, _) in rows.OrderBy(one => one.Record, order).Take(limit))
        {
            yield return row;
        }
    }

    private async IAsyncEnumerable<SessionRow> RowsAsync(
        CommandContext context, int left, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var query = QueryOf(context);
        while (left > 0)
        {
            var page = await context.Client.SessionsAsync(query with { Limit = Math.Min(left, Limits.MaxPage) }, cancellation);
            foreach (var row in page.Sessions)
            {
                yield return row;
            }

            left -= page.Sessions.Count;
            if (page.NextCursor is not { } next)
            {
                break;
            }

            query = query with { Cursor = next };
        }
    }

    private SessionQuery QueryOf(CommandContext context) => new()
    {
        Status = context.Get(_status),
        User = context.Get(_user),
        Meta = context.Get(_meta),
        Kind = context.Get(_kind),
    };

    private static JsonElement Document(List<SessionRow> rows, bool withVersion) => SessionShapes.Ok(json =>
    {
        json.WriteNumber("count"u8, rows.Count);
        json.WriteStartArray("sessions"u8);
        foreach (var row in rows)
        {
            SessionShapes.WriteRecord(json, row, withVersion);
        }

        json.WriteEndArray();
    });
}
