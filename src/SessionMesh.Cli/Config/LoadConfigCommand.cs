using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Config;

/// <summary>
/// <c>load-config</c>: makes known what a config file names, brings the agents it manages in line, and reports each against what it should
/// be.
/// </summary>
internal sealed class LoadConfigCommand : MeshCommand
{
    private static readonly Column s_error = Column.Of("error");

    private static readonly View s_view = new()
    {
        RowsMember = "sessions",
        Names = ["id"],
        Table = [Column.Of("id"), Column.Of("filter"), Column.Of("status"), Column.Of("matches"), Column.Of("declared"), s_error],
        More = [Column.Of("change")],
    };

    /// <summary>Where a file may change what is there.</summary>
    private static readonly View s_changes = s_view with
    {
        Table =
        [
            Column.Of("id"),
            Column.Of("change"),
            Column.Of("status"),
            Column.Of("filter") with { Rank = 4 },
            Column.Of("matches") with { Rank = 4 },
            new Column("detail", "detail", (row, _) => Detail(row)) { Rank = 3 },
            s_error,
        ],
        More = [],
    };

    private static readonly View s_links = new()
    {
        RowsMember = "links",
        Names = ["from"],
        Table =
        [
            Column.Of("from"),
            Column.Of("to"),
            Column.Of("kind"),
            Column.Of("weight"),
            Column.Of("change"),
            new Column("detail", "detail", (row, _) => Detail(row)) { Rank = 3 },
            s_error,
        ],
    };

    private readonly Argument<string> _path = new("path")
    {
        Description = "A file, or - for stdin, in YAML or JSON: agents: [{id: w1, …}], links: [{from: w1, to: w2}], sessions: …",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Change nothing; show what would be" };

    private readonly Option<bool> _check = new("--check")
    {
        Description = "Change nothing; exit with 1 unless every entry matches its filter and is as the file says",
    };

    public LoadConfigCommand(CliHost host)
        : base(host, "load-config", "Make known what a config file names, and report on each.")
    {
        Add(_path);
        Add(_dryRun);
        Add(_check);
        Prints(s_view, "changes");
        Examples =
        [
            "session-mesh load-config path/to/config.yaml",
            "session-mesh load-config fleet.yaml --dry-run",
            "session-mesh load-config fleet.yaml --check -o json",
        ];
        ExitNotes =
        [
            "0  everything is known now, whether it matches its filter or not",
            "1  with --check: something does not match its filter, or is not as the file says",
            "7  some could not be declared or looked up",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "load the config";
        if (context.Get(_dryRun) && context.Get(_check))
        {
            throw CommandException.Usage("--dry-run and --check cannot be combined", "--dry-run shows what would change; --check judges");
        }

        var config = FleetConfig.Read(context.Get(_path)!, context.Host);
        var cluster = config.Cluster ?? context.Settings.Cluster;
        var looksOnly = context.Get(_dryRun) || context.Get(_check);
        var loader = new FleetLoader(context, cluster, looksOnly);
        var plan = await PlanAsync(config, loader, context.Settings.Cluster, cancellation);
        var entries = new List<LoadedEntry>();
        var before = loader.Done;
        List<LoadedLink> links;
        var all = config.Sessions.Count + config.Agents.Count + config.Links.Count;
        var done = looksOnly ? "looked at" : "loaded";
        using (context.ShowProgress(() => $"{ProgressLine.Bar(loader.Done - before, all)} {done}"))
        {
            entries.AddRange(await loader.SessionsAsync(config.Sessions, cancellation));
            entries.AddRange(await loader.AgentsAsync(plan, cancellation));
            links = await loader.LinksAsync(plan, cancellation);
        }

        var report = LoadReport.Of(entries, links, cluster, looksOnly);
        if (entries.Count > 0 || !context.Output.IsTable)
        {
            context.Output.Write(report, config.Agents.Count > 0 || looksOnly ? s_changes : s_view);
        }

        if (links.Count > 0 && context.Output.IsTable)
        {
            context.Output.Write(report, s_links);
        }

        Say(context, config, entries);
        SayLinks(context, links);
        return entries.Any(entry => entry.Error is not null) || links.Exists(link => link.Error is not null) ? ExitCodes.Partly
            : context.Get(_check) && (entries.Any(IsOff) || links.Exists(IsOff)) ? ExitCodes.Failed
            : ExitCodes.Done;
    }

    private static async Task<FleetPlan> PlanAsync(
        FleetConfig config, FleetLoader loader, string? cluster, CancellationToken cancellation)
    {
        var faults = new ConfigFaults(config.File);
        var known = await loader.KnownAsync(config, cancellation);
        var links = await loader.KnownLinksAsync(config.Links, known, cancellation);
        var plan = FleetPlan.Of(config, known, links, cluster, faults);
        faults.ThrowIfAny();
        return plan;
    }

    /// <summary>Whether an entry is not what the file says.</summary>
    private static bool IsOff(LoadedEntry entry) => entry.Matches is false || entry.Change is not PlannedAgent.None;

    private void Say(CommandContext context, FleetConfig config, List<LoadedEntry> entries)
    {
        if (config.Rules.Count > 0)
        {
            context.Note($"{config.Rules.Count} {(config.Rules.Count == 1 ? "rule" : "rules")} checked; "
                + $"'session-mesh balance --rules {context.Get(_path)}' runs {(config.Rules.Count == 1 ? "it" : "them")}");
        }

        if (entries.Count == 0 && config.Links.Count == 0 && (config.Rules.Count == 0 || config.Cluster is not null))
        {
            context.Note(config.Cluster is { } named
                ? $"the file declares nothing; 'session-mesh context add NAME --cluster {named} --select' makes its cluster the default"
                : "the file declares nothing: there is nothing to do");
        }

        if (entries.Count == 0)
        {
            return;
        }

        var failed = entries.Count(entry => entry.Error is not null);
        if (failed > 0)
        {
            context.Note($"{failed} of {entries.Count} {(config.Agents.Count > 0 ? "entries" : "sessions")} could not be loaded");
        }

        var (declared, updated) = (entries.Count(IsDeclared), entries.Count(entry => entry.Change is PlannedAgent.Update));
        if (context.Get(_dryRun))
        {
            context.Note(
                $"dry run: {declared} would be declared, {updated} changed, {entries.Count - declared - updated} left as they are");
        }
        else if (context.Get(_check) && entries.Any(IsOff))
        {
            context.Note($"{entries.Count(entry => entry.Matches is false)} of {entries.Count} do not match their filter, "
                + $"{entries.Count(entry => entry.Change is not PlannedAgent.None)} are not as the file says");
        }
        else if (config.Agents.Count > 0 && !context.Get(_check))
        {
            context.Note($"{declared} declared, {updated} changed, {entries.Count - declared - updated - failed} left as they are");
        }
    }

    private void SayLinks(CommandContext context, List<LoadedLink> links)
    {
        if (links.Count == 0 || (context.Get(_check) && !links.Exists(IsOff)))
        {
            return;
        }

        var failed = links.Count(link => link.Error is not null);
        if (!context.Output.IsTable)
        {
            // Rows are sessions and agents; a link that failed is said all the same.
            foreach (var link in links.Where(link => link.Error is not null).Take(ConfigFaults.MostShown))
            {
                context.Note($"the link '{link.Planned.Link.Kind}' from {link.Planned.Link.From} to {link.Planned.Link.To}: {link.Error}");
            }
        }

        var (declared, updated) = (links.Count(IsDeclared), links.Count(link => link.Change is PlannedAgent.Update));
        var kept = links.Count - failed - declared - updated;
        context.Note(
            context.Get(_check) ? $"{declared + updated} of {links.Count} links are not as the file says"
            : context.Get(_dryRun) ? $"links: {declared} would be declared, {updated} changed, {kept} left as they are"
            : failed > 0 ? $"links: {declared} declared, {updated} changed, {kept} left as they are, {failed} could not be declared"
            : $"links: {declared} declared, {updated} changed, {kept} left as they are");
    }

    private static bool IsOff(LoadedLink link) => link.Change is not PlannedAgent.None;

    private static bool IsDeclared(LoadedLink link) => link.Change is PlannedAgent.Declare;

    private static bool IsDeclared(LoadedEntry entry) => entry.Change is PlannedAgent.Declare;

    /// <summary><c>labels.env: dev → prod; parent_id: - → lead</c></summary>
    private static string Detail(JsonElement row) => row.TryGetProperty("changes", out var changes) && changes.GetArrayLength() > 0
        ? string.Join("; ", changes.EnumerateArray().Select(change =>
            $"{Json.Text(change, "member")}: {Json.Text(change, "from") ?? "-"} → {Json.Text(change, "to") ?? "-"}"))
        : "-";
}
