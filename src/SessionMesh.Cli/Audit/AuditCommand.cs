using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Audit;

namespace SessionMesh.Cli.Audit;

/// <summary><c>audit</c>: who did what and from where, and who was not allowed to; newest first, or as it happens.</summary>
internal sealed class AuditCommand : MeshCommand
{
    private static readonly View s_view = new()
    {
        RowsMember = "entries",
        Names = ["revision", "request_id"],
        Table =
        [
            new("at", "at", (row, _) => Json.Text(row, "at") ?? "-") { StreamWidth = 24 },
            Column.Of("outcome") with { StreamWidth = 7 },
            Column.Of("operation") with { StreamWidth = 22 },
            Column.Of("subject") with { StreamWidth = 20 },
            Column.Of("actor") with { StreamWidth = 12 },
            Column.Of("from", "remote_address") with { StreamWidth = 15 },
            // The words of a refusal are advice for its caller; the code says enough to whoever reads the audit.
            new("reason", "reason", (row, _) => Json.Text(row, "code") ?? Json.Text(row, "reason") ?? "-"),
        ],
        More = [Column.Of("revision"), Column.Of("request_id"), Column.Of("code")],
    };

    private readonly AuditFilterOptions _filter;

    private readonly Option<int?> _limit =
        Opt.Number("--limit", $"At most this many entries, {Limits.DefaultPage} by default", 1, Limits.MaxPage);

    private readonly Option<string?> _cursor = new("--cursor")
    {
        Description = "The next_cursor of the answer before",
        HelpName = "CURSOR",
    };

    private readonly Option<bool> _all = new("--all") { Description = "All entries" };

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "What happens from now on (or --since), until interrupted",
    };

    public AuditCommand(CliHost host) : base(host, "audit", "Show who did what and from where, and who was not allowed to; newest first.")
    {
        _filter = new AuditFilterOptions(this);
        Add(_limit);
        Add(_cursor);
        Add(_all);
        Add(_follow);
        Examples =
        [
            "session-mesh audit --since 1h",
            "session-mesh audit --operation agent.stopping --subject 123",
            "session-mesh audit --outcome refused --follow",
            "session-mesh audit --since 2026-01-31 --all -o jsonl",
        ];
        ExitNotes = ["130  interrupted"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "read the audit";
        return context.Get(_follow) ? await FollowAsync(context, cancellation) : await ReadAsync(context, cancellation);
    }

    private async Task<int> ReadAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Get(_all) && context.Get(_limit) is not null)
        {
            throw CommandException.Usage("--all cannot be combined with --limit", "leave one of them out");
        }

        var query = _filter.QueryOf(context) with { Cursor = context.Get(_cursor) };
        var answer = await CollectAsync(
            context, query, context.Get(_all) ? int.MaxValue : context.Get(_limit) ?? Limits.DefaultPage, cancellation);
        var isEmpty = !s_view.Rows(answer).Any();
        if (!isEmpty || !context.Output.IsTable)
        {
            context.Output.Write(answer, s_view);
        }

        if (!context.Output.IsTable)
        {
            return ExitCodes.Done;
        }

        if (isEmpty)
        {
            context.Note("nothing that matches is in the audit");
        }

        if (Json.Text(answer, "next_cursor") is { } cursor)
        {
            context.Note($"there is more: add --cursor {cursor}, or --all");
        }

        if (answer.TryGetProperty("suppressed", out var suppressed)
            && suppressed.TryGetInt64(out var count)
            && count > 0
            && query.Outcome is not AuditOutcome.Done)
        {
            context.Note($"{count} more refusals since the server started came too fast to be kept");
        }

        return ExitCodes.Done;
    }

    /// <summary>
    /// As many entries as are wanted, in one answer. A page may be empty and yet not the last: the server looks at a part of the log at
    /// a time.
    /// </summary>
    private static async Task<JsonElement> CollectAsync(
        CommandContext context, AuditQuery query, int wanted, CancellationToken cancellation)
    {
        var rows = new List<JsonElement>();
        while (true)
        {
            var page = await context.Client.SendAsync(
                MeshCall.Audit(query with { Limit = Math.Min(wanted - rows.Count, Limits.MaxPage) }), cancellation);
            rows.AddRange(s_view.Rows(page));
            var cursor = Json.Text(page, "next_cursor");
            if (cursor is null || rows.Count >= wanted)
            {
                return Json.Replace(page, "entries", rows);
            }

            query = query with { Cursor = cursor };
        }
    }

    private async Task<int> FollowAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "follow the audit";
        var query = _filter.QueryOf(context);
        if (query.Until is not null || context.Get(_limit) is not null || context.Get(_cursor) is not null || context.Get(_all))
        {
            throw CommandException.Usage("--follow cannot be combined with --until, --limit, --cursor or --all", "leave them out");
        }

        var stream = new AuditStream(context.Client, query, StreamEnds.Options(context, after: null))
        {
            Resynced = notice => context.Note($"some entries may be missing: {notice.Detail}"),
        };
        await foreach (var entry in stream.ReadJsonAsync(cancellation))
        {
            context.Output.WriteRow(entry, s_view);
            context.Output.Flush();
        }

        throw StreamEnds.ToException(stream.End, context);
    }
}
