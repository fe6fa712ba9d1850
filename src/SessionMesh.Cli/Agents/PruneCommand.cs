using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary><c>prune</c>: forgets what has been dead or lost for long.</summary>
internal sealed class PruneCommand : MeshCommand
{
    /// <summary>Agents that a question names before it only counts the rest.</summary>
    private const int MostNamed = 3;

    private const int AtOnce = 8;
    private const int DefaultAge = 7 * 86_400;

    private static readonly View s_gone = new()
    {
        RowsMember = "sessions",
        Names = ["agent_id"],
        Table =
        [
            Column.Of("agent", "agent_id"), AgentDetailView.Status, Column.Of("gone", "gone_at"), Column.Of("cluster"),
            Column.Of("parent", "parent_id"),
        ],
    };

    private readonly Option<int?> _older = Opt.Duration("--older", "Dead or lost for at least this long, 7d by default", 0, int.MaxValue);
    private readonly LabelOption _labels;
    private readonly Option<string?> _subtree = Opt.Id("--subtree", "Only this agent and all below it");

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Only this cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<bool> _allClusters = new("--all-clusters") { Description = "Every cluster, whatever the context says" };

    private readonly Option<int?> _expect =
        Opt.Number("--expect", "Go ahead without asking if it is exactly this many; otherwise refuse", 0, int.MaxValue);

    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Only show them" };

    public PruneCommand(CliHost host) : base(host, "prune", "Forget every agent that has been dead or lost for long.")
    {
        Add(_older);
        _labels = new LabelOption(this, "Only those with this label; may be repeated, or with commas: all must match");
        foreach (var option in new Option[] { _subtree, _cluster, _allClusters, _expect, _yes, _dryRun })
        {
            Add(option);
        }

        Prints(s_gone, json => json.AgentRow);
        Prints(AgentViews.Forgotten);
        Examples =
        [
            "session-mesh prune --dry-run",
            "session-mesh prune --older 1d --cluster batch --yes",
            "session-mesh prune --older 12h -l env=test --expect 40",
        ];
        ExitNotes =
        [
            "0  they are forgotten, or there was none",
            "1  the answer to the question was no",
            "2  no terminal to ask on, and neither --yes nor --expect",
            "5  it is not as many as --expect says; nothing was forgotten",
            "7  some were left, such as those whose end nobody confirmed yet",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "forget agents that are gone";
        var age = TimeSpan.FromSeconds(context.Get(_older) ?? DefaultAge);
        var cluster = context.Get(_cluster) ?? (context.Get(_allClusters) ? null : context.Settings.Cluster);
        var (dryRun, expected) = (context.Get(_dryRun), context.Get(_expect));
        if (!dryRun && expected is null && !context.Get(_yes) && !context.CanAsk)
        {
            throw CommandException.Usage(
                "this cannot be undone, and there is no terminal to ask on",
                "say --expect N for exactly N, --yes for however many there are, or --dry-run to see which");
        }

        var gone = await GoneAsync(context, cluster, age, cancellation);
        if (cluster is not null && context.Get(_cluster) is null)
        {
            context.Note($"only cluster {cluster}, as the selected context says; --all-clusters takes the others, too");
        }

        if (dryRun)
        {
            return Show(context, gone, age);
        }

        if (expected is { } number && number != gone.Count)
        {
            throw new CommandException(
                ExitCodes.Conflict,
                $"{SelectorOptions.Agents(gone.Count)} would be forgotten, not {number}; nothing was",
                "look again with --dry-run");
        }

        if (gone.Count == 0)
        {
            context.Note(age == TimeSpan.Zero ? "no agent is dead or lost" : $"no agent has been dead or lost{For(age)}");
            return ExitCodes.Done;
        }

        List<string> ids = [.. gone.Select(row => Json.Text(row, "agent_id")!)];
        if (expected is null && !context.Get(_yes) && !context.Confirm(Question(ids, age)))
        {
            context.Note("nothing was forgotten");
            return ExitCodes.Failed;
        }

        return await new EachNamed(context, "agent", "agent_id", "forgotten") { AtOnce = AtOnce }
            .RunAsync(ids, AgentViews.Forgotten, MeshCall.Forget, cancellation);
    }

    /// <summary>Rows of those that are gone for so long, by the server's clock, in the order of their ids.</summary>
    private async Task<List<JsonElement>> GoneAsync(
        CommandContext context, string? cluster, TimeSpan age, CancellationToken cancellation)
    {
        // Whatever the clocks, what is gone has been gone for no time at all.
        var before = age == TimeSpan.Zero ? DateTimeOffset.MaxValue : await context.ServerNowAsync(cancellation) - age;
        var gone = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        using var progress = context.ShowProgress(() => $"{gone.Count} found");
        foreach (var status in new[] { AgentStatus.Lost, AgentStatus.Dead })
        {
            var query = new AgentQuery
            {
                Filter = status,
                Labels = _labels.Find(context),
                Subtree = context.Get(_subtree),
                Cluster = cluster,
                Fields = ["agent_id", "status", "gone_at", "cluster", "parent_id"],
                Limit = Limits.MaxPage,
            };
            do
            {
                var page = await context.Client.SendAsync(MeshCall.Alive(query), cancellation);
                foreach (var row in s_gone.Rows(page).Where(row => GoneAt(row) <= before))
                {
                    gone[Json.Text(row, "agent_id")!] = row; // one that was lost a moment ago and is dead now is there once
                }

                query = query with { Cursor = Json.Text(page, "next_cursor") };
            }
            while (query.Cursor is not null);
        }

        return [.. gone.Values];
    }

    private static DateTimeOffset? GoneAt(JsonElement row) =>
        Json.Text(row, "gone_at") is { } text
            ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)
            : null;

    private static int Show(CommandContext context, List<JsonElement> gone, TimeSpan age)
    {
        context.Output.Write(DryRun.With(gone), s_gone);
        context.Note($"dry run: nothing was forgotten; {SelectorOptions.Agents(gone.Count)} "
            + $"{(gone.Count == 1 ? "has" : "have")} been dead or lost{For(age)}");
        return ExitCodes.Done;
    }

    private static string Question(List<string> ids, TimeSpan age)
    {
        var named = string.Join(", ", ids.Take(MostNamed));
        var others = ids.Count > MostNamed ? $" and {ids.Count - MostNamed} more" : "";
        return ids.Count == 1
            ? $"Forget agent {named}, dead or lost{For(age)}, with its keys and what it was told?"
            : $"Forget {ids.Count} agents ({named}{others}), dead or lost{For(age)}, with their keys and what they were told?";
    }

    /// <summary>As it is typed: <c>7d</c>, <c>12h</c>, <c>90s</c>.</summary>
    private static string For(TimeSpan age) => (long)age.TotalSeconds switch
    {
        0 => "",
        >= 86_400 and var s when s % 86_400 == 0 => $" for {s / 86_400}d",
        >= 3600 and var s when s % 3600 == 0 => $" for {s / 3600}h",
        >= 60 and var s when s % 60 == 0 => $" for {s / 60}m",
        var s => $" for {s}s",
    };
}
