using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Client.Streams;

namespace SessionMesh.Cli.Sessions;

/// <summary><c>session watch</c>: what becomes of sessions, as it happens.</summary>
internal sealed class WatchSessionsCommand : SessionToolCommand
{
    /// <summary>What the kinds of their events begin with.</summary>
    private const string Kinds = "session.";

    private static readonly View s_view = new()
    {
        Names = ["subject"],
        Table =
        [
            Column.Of("revision") with { StreamWidth = 8 },
            new("at", "at", (row, _) => Json.Text(row, "at") ?? "-") { StreamWidth = 24 },
            Column.Of("kind") with { StreamWidth = 17 },
            Column.Of("session", "subject") with { StreamWidth = 16 },
            Column.Of("actor") with { StreamWidth = 12 },
        ],
    };

    private readonly Option<long?> _after = Opt.Position("--after", "Begin after this revision (default: with what happens from now on)");
    private readonly Option<int?> _limit = Opt.Number("--limit", "End after this many", 1, int.MaxValue);

    public WatchSessionsCommand(CliHost host) : base(host, "watch", "Follow what happens to sessions, as it happens.")
    {
        Add(_after);
        Add(_limit);
        Examples = ["session-mesh session watch", "session-mesh session watch --output json | jq -r .kind"];
        ExitNotes = ["130  interrupted"];
    }

    protected override bool Streams => true;

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "watch the sessions";
        var stream = new EventStream(context.Client, StreamEnds.Options(context, context.Get(_after)))
        {
            Resynced = notice => context.Note(StreamEnds.WordsOf(notice, "some events were skipped")),
        };
        var (limit, seen) = (context.Get(_limit), 0);
        await foreach (var entry in stream.ReadJsonAsync(cancellation))
        {
            if (Json.Text(entry, "kind")?.StartsWith(Kinds, StringComparison.Ordinal) is not true)
            {
                continue;
            }

            context.Output.WriteRow(entry, s_view);
            context.Output.Flush();
            if (++seen == limit)
            {
                return ExitCodes.Done;
            }
        }

        throw StreamEnds.ToException(stream.End, context);
    }
}
