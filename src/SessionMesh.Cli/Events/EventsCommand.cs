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

    private readonly Option<string?> _exec = new("--exec")
    {
        Description = "Run this program once for each event, one after the other, with the event in its environment and on its stdin",
        HelpName = "PROGRAM",
    };

    private readonly Option<int?> _execTimeout = Opt.Duration(
        "--exec-timeout", "Kill the program, with all it started, after this time (default: 60s)", 1, 86_400);

    private readonly EventFilterOptions _filter;
    private readonly Func<string, TimeSpan, IEventProgram> _programs;

    /// <param name="programs">Makes what <c>--exec</c> runs, which takes so long at most.</param>
    public EventsCommand(CliHost host, Func<string, TimeSpan, IEventProgram> programs)
        : base(host, "events", "Follow the log: every durable change, as it happens.")
    {
        _programs = programs;
        _filter = new EventFilterOptions(this);
        Add(_after);
        Add(_limit);
        Add(_follow);
        Add(_exec);
        Add(_execTimeout);
        Examples =
        [
            "session-mesh events",
            "session-mesh events --agent 123 --since 10m",
            "session-mesh events --kind 'agent.*' --kind directive.rejected -o json | jq -r .kind",
            "session-mesh events --since 1201 --limit 10",
            "session-mesh events --kind agent.lost,agent.stalled --exec ./tell-somebody",
        ];
        ExitNotes = ["7    with --limit and --exec: the program failed for some of the events", "130  interrupted"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "follow the events";
        var limit = context.Get(_limit);
        if (limit is not null && context.Get(_follow))
        {
            throw CommandException.Usage("--follow cannot be combined with --limit", "leave one of them out");
        }

        if (context.Get(_after) is not null && _filter.SaysSince(context))
        {
            throw CommandException.Usage("--after cannot be combined with --since", "leave one of them out");
        }

        var program = ProgramOf(context);
        var (query, from) = await _filter.QueryOfAsync(context, cancellation);
        var stream = new EventStream(context.Client, StreamEnds.Options(context, context.Get(_after) ?? from), query)
        {
            Resynced = notice => context.Note(StreamEnds.WordsOf(notice, "some events were skipped")),
        };
        var (seen, failed) = (0, 0);
        await foreach (var entry in stream.ReadJsonAsync(cancellation))
        {
            context.Output.WriteRow(context.Output.Format is OutputFormat.Csv ? WithDetails(entry) : entry, EventViews.Stream);
            context.Output.Flush();
            if (program is not null && await program.RunAsync(entry, cancellation) is { } wrong)
            {
                failed++;
                context.Note($"revision {entry.GetProperty("revision").GetRawText()}: {context.Get(_exec)}: {wrong}");
            }

            if (++seen == limit)
            {
                return failed > 0 ? ExitCodes.Partly : ExitCodes.Done;
            }
        }

        throw StreamEnds.ToException(stream.End, context);
    }

    private IEventProgram? ProgramOf(CommandContext context)
    {
        if (context.Get(_exec) is { } file)
        {
            return _programs(file, TimeSpan.FromSeconds(context.Get(_execTimeout) ?? 60));
        }

        return context.Get(_execTimeout) is null
            ? null
            : throw CommandException.Usage("--exec-timeout is of no use without --exec", "name the program to run, or leave it out");
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
