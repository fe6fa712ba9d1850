using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Options;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Cli.Claims;

/// <summary>Which agents with room are meant, and which of them comes first.</summary>
internal sealed class MatchOptions
{
    private readonly Option<string?> _strategy =
        Opt.Choice("--strategy", "Which agent comes first, the least loaded by default", MatchStrategy.All);

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Only this cluster (default: the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<bool> _allClusters = new("--all-clusters") { Description = "Every cluster, whatever the context says" };
    private readonly Option<string[]> _labels;

    public MatchOptions(Command command, string labels)
    {
        _labels = new Option<string[]>("--label", "-l") { Description = labels, HelpName = "KEY=VALUE" };
        command.Add(_strategy);
        command.Add(_cluster);
        command.Add(_allClusters);
        command.Add(_labels);
    }

    public string? StrategyOf(CommandContext context) => context.Get(_strategy);

    /// <summary>Null for every cluster.</summary>
    public string? ClusterOf(CommandContext context) =>
        context.Get(_allClusters) ? null : context.Get(_cluster) ?? context.Settings.Cluster;

    /// <summary>The terms one by one, however they were given.</summary>
    public IReadOnlyList<string> LabelsOf(CommandContext context) =>
        [.. (context.Get(_labels) ?? []).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries))];

    /// <summary>Whether an option says which clusters.</summary>
    public bool NamesClusters(CommandContext context) => context.Get(_allClusters) || context.Get(_cluster) is not null;

    /// <summary>What the context narrows without having been asked to; null where it does not.</summary>
    public string? Narrowing(CommandContext context) =>
        ClusterOf(context) is { } cluster && context.Get(_cluster) is null
            ? $"only cluster {cluster}, as the selected context says; --all-clusters takes the others in"
            : null;
}
