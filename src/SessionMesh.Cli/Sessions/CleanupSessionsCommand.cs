using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// <c>session cleanup</c>: removes what has expired. Does not ask: it removes nothing that is alive, and <c>--dry-run</c> shows it
/// first.
/// </summary>
internal sealed class CleanupSessionsCommand : SessionToolCommand
{
    private static readonly View s_view = View.Single("removed_count", ["dry_run", "removed_count", "remaining_count", "removed_ids"]);

    private readonly Option<DateTimeOffset?> _before =
        SessionOpt.Time("--before", "Only what expired before this (default: all that is expired)");

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only show what would be removed" };

    public CleanupSessionsCommand(CliHost host) : base(host, "cleanup", "Remove all expired sessions from the store.")
    {
        Add(_before);
        Add(_dryRun);
        Prints(s_view, "ok", "more");
        Examples =
        [
            "session-mesh session cleanup --dry-run",
            "session-mesh session cleanup --before 2026-01-31",
            "session-mesh session cleanup",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "clean up";
        var request = new CleanupRequest { Before = context.Get(_before), DryRun = context.Get(_dryRun) ? true : null };
        var ids = new List<string>();
        var removed = 0;
        CleanupAnswer answer;
        do
        {
            answer = await context.Client.CleanupSessionsAsync(request, cancellation);
            removed += answer.RemovedCount;
            ids.AddRange(answer.RemovedIds);
        }
        while (answer is { More: true, DryRun: false, RemovedCount: > 0 });

        var shape = SessionShapes.Ok(json =>
        {
            json.WriteBoolean("dry_run"u8, answer.DryRun);
            json.WriteNumber("removed_count"u8, removed);
            json.WriteNumber("remaining_count"u8, answer.RemainingCount);
            json.WriteStartArray("removed_ids"u8);
            foreach (var id in ids)
            {
                json.WriteStringValue(id);
            }

            json.WriteEndArray();
            if (answer.More)
            {
                json.WriteBoolean("more"u8, true);
            }
        });
        context.Output.Write(shape, s_view);
        if (answer.More)
        {
            context.Note($"these are the first {removed}; there are more");
        }

        return ExitCodes.Done;
    }
}
