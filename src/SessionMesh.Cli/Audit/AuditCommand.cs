using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
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

    private readonly Option<string?> _cursor = new("--cursor") { Description = "Go on after this next_cursor", HelpName = "CURSOR" };
    private readonly ListOptions _list;

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "What happens from now on (or --since), until interrupted",
    };

    public AuditCommand(CliHost host) : base(host, "audit", "Show who did what and from where, and who was not allowed to; newest first.")
    {
        _filter = new AuditFilterOptions(this);
        _list = new ListOptions(this, isOrdered: true);
        Add(_cursor);
        Add(_follow);
        Prints(s_view, json => json.AuditEntry);
        Examples =
        [
            "session-mesh audit --since 1h",
            "session-mesh audit --operation agent.stopping --subject 123",
            "session-mesh audit --outcome refused --follow",
            "session-mesh audit --since 2026-01-31 -o jsonl",
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
        var query = await _filter.QueryOfAsync(context, cancellation);
        var listed = await _list.WriteAsync(
            context,
            s_view,
            (limit, cursor, token) =>
                context.Client.SendAsync(MeshCall.Audit(query with { Limit = limit, Cursor = cursor ?? context.Get(_cursor) }), token),
            cancellation);
        if (!context.Output.IsTable)
        {
            return ExitCodes.Done;
        }

        if (listed.Rows == 0)
        {
            context.Note("no entry of the audit matches");
        }

        if (listed.Last.TryGetProperty("suppressed", out var suppressed)
            && suppressed.TryGetInt64(out var count)
            && count > 0
            && query.Outcome is not AuditOutcome.Done)
        {
            context.Note($"{count} more refusals since the server started came too fast to be kept");
        }

        return ExitCodes.Done;
    }

    private async Task<int> FollowAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "follow the audit";
        if (_filter.SaysUntil(context) || _list.IsUsed(context) || context.Get(_cursor) is not null)
        {
            throw CommandException.Usage("--follow cannot be combined with --until, --limit, --sort or --cursor", "leave them out");
        }

        var query = await _filter.QueryOfAsync(context, cancellation);
        var stream = new AuditStream(context.Client, query, StreamEnds.Options(context, after: null))
        {
            Resynced = notice => context.Note(StreamEnds.WordsOf(notice, "some entries may be missing")),
        };
        await foreach (var entry in stream.ReadJsonAsync(cancellation))
        {
            context.Output.WriteRow(entry, s_view);
            context.Output.Flush();
        }

        throw StreamEnds.ToException(stream.End, context);
    }
}
