using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Agents;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Lineage;

/// <summary>
/// <c>reap --orphans</c>: stops the agents whose parent is dead or forgotten, and with <c>--lost</c> those whose parent is lost.
/// </summary>
internal sealed class ReapCommand : MeshCommand
{
    /// <summary>Seconds past the grace, in which force acts and a runner reports.</summary>
    private const int Slack = 3;

    /// <summary>Orphans that a question names before it only counts.</summary>
    private const int MostNamed = 5;

    private const string Nothing = "nothing was stopped";

    private readonly Option<bool> _orphans = new("--orphans") { Description = "Agents whose parent is dead or forgotten" };
    private readonly Option<bool> _lost = new("--lost") { Description = "And those whose parent is lost, which may come back" };

    private readonly Option<int?> _grace =
        Opt.Duration("--grace", $"Time to finish in, {Limits.DefaultGrace}s by default", 0, Limits.MaxGrace);

    private readonly Option<string?> _reason = new("--reason") { Description = "Why, for the log and the agents", HelpName = "TEXT" };
    private readonly Option<bool> _detach = new("--detach") { Description = "Do not wait for the proof" };

    private readonly Option<int?> _expect =
        Opt.Number("--expect", "Go ahead without asking if there are exactly so many; otherwise refuse", 1, int.MaxValue);

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show which agents it would be, and do nothing" };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };

    public ReapCommand(CliHost host) : base(host, "reap", "Stop the agents that nobody looks after any more.")
    {
        foreach (var option in new Option[] { _orphans, _lost, _grace, _reason, _detach, _expect, _dryRun, _yes })
        {
            Add(option);
        }

        Prints(AgentViews.KillMany);
        Prints(DryRun.Matched);
        Usage = "--orphans [options]";
        Examples = ["session-mesh reap --orphans --dry-run", "session-mesh reap --orphans --grace 30s --expect 3"];
        ExitNotes =
        [
            "0  every end is confirmed, or there are no orphans",
            "1  the answer to the question was no",
            "2  no terminal to ask on, and neither --yes nor --expect",
            "5  not as many are orphans as --expect says",
            "7  the end of some is not confirmed",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "reap orphans";
        if (!context.Get(_orphans))
        {
            throw CommandException.Usage("--orphans is missing: it says whom to stop", "session-mesh reap --orphans");
        }

        var (expect, isAsked) = (context.Get(_expect), context.Get(_expect) is null && !context.Get(_yes));
        if (isAsked && !context.Get(_dryRun) && !context.CanAsk)
        {
            throw CommandException.Usage(
                "this stops every orphan, and there is no terminal to ask on",
                "say --yes, --expect N for exactly N, or --dry-run to see which");
        }

        var ids = await OrphansAsync(context, cancellation);
        if (context.Get(_dryRun) && ids.Count > 0)
        {
            return DryRun.Show(context, ids, "", Nothing, "stopped");
        }

        if (expect is { } count && count != ids.Count)
        {
            throw new CommandException(
                ExitCodes.Conflict,
                $"there {(ids.Count == 1 ? "is" : "are")} {Orphans(ids.Count)}, not {count}; {Nothing}",
                "look again with --dry-run");
        }

        if (ids.Count == 0)
        {
            if (context.Get(_dryRun))
            {
                DryRun.Write(context, ids, []);
            }

            context.Note("there are no orphans");
            return ExitCodes.Done;
        }

        if (isAsked && !context.Confirm(Question(context, ids)))
        {
            context.Note(Nothing);
            return ExitCodes.Failed;
        }

        var options = new KillOptions { Grace = context.Get(_grace), Reason = context.Get(_reason) ?? "its parent is gone" };
        var bound = context.Get(_detach) ? 0 : (context.Get(_grace) ?? Limits.DefaultGrace) + Slack;
        var named = new KillNamed(context, options);
        return await new KillRun(context, options, bound, wantsProof: true).RunAsync(() => named.RunAsync(ids, cancellation), cancellation);
    }

    private string Question(CommandContext context, List<string> ids)
    {
        var which = ids.Count <= MostNamed ? $": {string.Join(", ", ids)}" : "";
        return $"Stop {Orphans(ids.Count)} and what is below them{which}? {context.Get(_grace) ?? Limits.DefaultGrace} s to finish.";
    }

    private static string Orphans(int count) => count == 1 ? "1 orphan" : $"{count} orphans";

    /// <summary>The roots of what is orphaned: what is below an orphan has a parent, and goes with it.</summary>
    private async Task<List<string>> OrphansAsync(CommandContext context, CancellationToken cancellation)
    {
        using var progress = context.ShowProgress(() => "looking for orphans");
        var orphans = await RowsAsync(context, AliveFilter.Orphaned, cancellation);
        if (context.Get(_lost))
        {
            var lost = (await RowsAsync(context, AgentStatus.Lost, cancellation)).Select(IdOf).ToHashSet(StringComparer.Ordinal);
            if (lost.Count > 0)
            {
                var all = await RowsAsync(context, AliveFilter.All, cancellation);
                orphans.AddRange(all.Where(row => Json.Text(row, "parent_id") is { } parent && lost.Contains(parent)));
            }
        }

        return
        [
            .. orphans.Where(row => Json.Text(row, "status") is AgentStatus.Alive or AgentStatus.Suspect or AgentStatus.Lost)
                .Select(IdOf).Distinct(StringComparer.Ordinal),
        ];
    }

    private static async Task<List<JsonElement>> RowsAsync(CommandContext context, string filter, CancellationToken cancellation)
    {
        var rows = new List<JsonElement>();
        var query = new AgentQuery { Filter = filter, Fields = ["agent_id", "status", "parent_id"], Limit = Limits.MaxPage };
        do
        {
            var page = await context.Client.SendAsync(MeshCall.Alive(query), cancellation);
            rows.AddRange(page.GetProperty("sessions").EnumerateArray());
            query = query with { Cursor = Json.Text(page, "next_cursor") };
        }
        while (query.Cursor is not null);

        return rows;
    }

    private static string IdOf(JsonElement row) => Json.Text(row, "agent_id")!;
}
