using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Client.Streams;

namespace SessionMesh.Cli.Events;

/// <summary><c>events</c>: the log as it grows.</summary>
internal sealed class EventsCommand : MeshCommand
{
    private readonly Option<long?> _after = Opt.Position("--after", "Begin after this revision (default: with what happens from now on)");
    private readonly Option<int?> _limit = Opt.Number("--limit", "End after this many events", 1, int.MaxValue);

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Go on until interrupted: what happens anyway without --limit",
    };

    private readonly EventFilterOptions _filter;

    public EventsCommand(CliHost host) : base(host, "events", "Follow the log: every durable change, as it happens.")
    {
        _filter = new EventFilterOptions(this);
        Add(_after);
        Add(_limit);
        Add(_follow);
        Examples =
        [
            "session-mesh events",
            "session-mesh events --agent 123 --since 10m",
            "session-mesh events --kind 'agent.*' --kind directive.rejected -o json | jq -r .kind",
            "session-mesh events --since 1201 --limit 10",
        ];
        ExitNotes = ["130  interrupted"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "follow the events";
        var limit = context.Get(_limit);
        if (limit is not null && context.Get(_follow))
        {
            throw CommandException.Usage("--follow cannot be combined with --limit", "leave one of them out");
        }

        var (query, from) = _filter.QueryOf(context);
        if (context.Get(_after) is not null && (from is not null || query.Since is not null))
        {
            throw CommandException.Usage("--after cannot be combined with --since", "leave one of them out");
        }

        var stream = new EventStream(context.Client, StreamEnds.Options(context, context.Get(_after) ?? from), query)
        {
            Resynced = notice => context.Note($"some events were skipped: {notice.Detail}"),
        };
        var seen = 0;
        await foreach (var entry in stream.ReadJsonAsync(cancellation))
        {
            context.Output.WriteRow(context.Output.Format is OutputFormat.Csv ? WithDetails(entry) : entry, EventViews.Stream);
            context.Output.Flush();
            if (++seen == limit)
            {
                return ExitCodes.Done;
            }
        }

        throw StreamEnds.ToException(stream.End, context);
    }

    /// <summary>
    /// The row with one more member, its details as an object: in CSV each kind has the same columns. Its own members stay for
    /// <c>--fields</c>.
    /// </summary>
    private static JsonElement WithDetails(JsonElement row) => !EventViews.DetailsOf(row).Any() ? row : Json.Build(json =>
    {
        foreach (var member in row.EnumerateObject())
        {
            member.WriteTo(json);
        }

        json.WriteStartObject("details");
        foreach (var member in EventViews.DetailsOf(row))
        {
            member.WriteTo(json);
        }

        json.WriteEndObject();
    });
}
