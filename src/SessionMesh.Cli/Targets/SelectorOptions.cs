using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Completion;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Targets;

/// <summary>
/// The options that select many agents, and the consent to act on that many: <c>--expect</c>, or the answer to a question that
/// names the count, or <c>--yes</c>. Without any of the selecting options there is no selector: nothing here means everyone.
/// </summary>
internal sealed class SelectorOptions
{
    /// <summary>Ids that a question repeats before it only counts.</summary>
    private const int MostNamed = 5;

    private readonly Option<string?> _spec = new("--spec") { Description = "Agents with this specialization", HelpName = "NAME" };

    private readonly LabelOption _labels;

    private readonly Option<string?> _cluster = new("--cluster")
    {
        Description = "Agents of this cluster (with --spec and --label by default the selected context's)",
        HelpName = "NAME",
    };

    private readonly Option<string?> _subtree = Opt.Id("--subtree", "This agent and all below it");
    private readonly Option<string?> _ids = new("--ids") { Description = "These agents, separated by commas", HelpName = "a,b" };

    private readonly Option<int?> _expect =
        Opt.Number("--expect", "Go ahead without asking if exactly this many match; otherwise refuse", 1, int.MaxValue);

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show which agents it would be, and do nothing" };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };

    public SelectorOptions(Command command, CliHost host)
    {
        _subtree.CompletionSources.Add(completion => LiveAgentIds.Of(host, completion.ParseResult));
        command.Add(_spec);
        _labels = new LabelOption(command, "Agents with this label; may be repeated, or with commas: all must match");
        foreach (var option in new Option[] { _cluster, _subtree, _ids, _expect, _dryRun, _yes })
        {
            command.Add(option);
        }
    }

    public bool IsDryRun(CommandContext context) => context.Get(_dryRun);

    public bool IsAgreed(CommandContext context) => context.Get(_yes);

    public int? Expected(CommandContext context) => context.Get(_expect);

    /// <summary>What the options select, or null where none of them is given.</summary>
    public AgentSelector? Find(CommandContext context)
    {
        var selector = new AgentSelector
        {
            Specialization = context.Get(_spec),
            Label = _labels.Find(context),
            Cluster = context.Get(_cluster),
            Subtree = context.Get(_subtree),
            AgentIds = IdsOf(context),
        };
        if (selector is { Specialization: null, Label: null })
        {
            return selector is { Cluster: null, Subtree: null, AgentIds: null } ? null : selector;
        }

        return selector with { Cluster = selector.Cluster ?? context.Settings.Cluster };
    }

    /// <summary>
    /// The one agent that is named, or the selector, or neither; both is an error. Several that are named are a selector of just these.
    /// </summary>
    public (string? Id, AgentSelector? Selector) Target(CommandContext context, AgentIdOption agent)
    {
        var (ids, selector) = (agent.All(context), Find(context));
        if (ids.Count > 0 && selector is not null)
        {
            throw CommandException.Usage(
                $"{(ids.Count == 1 ? $"agent {ids[0]} is" : $"{ids.Count} agents are")} named, and a selector is given, too",
                "leave one of them out");
        }

        if (ids.Count < 2 && selector is null && Expected(context) is not null)
        {
            throw CommandException.Usage(
                "--expect needs a selector", "add --spec, --label, --cluster, --subtree or --ids");
        }

        return ids.Count > 1 ? (null, new AgentSelector { AgentIds = ids }) : (ids.Count == 1 ? ids[0] : null, selector);
    }

    /// <summary>
    /// Whether several agents are named one by one, and no count is asked for: then it is clear whom it means, and one that is gone does
    /// not keep the others from it.
    /// </summary>
    public bool AreNamed(CommandContext context, AgentIdOption agent) => agent.All(context).Count > 1 && Expected(context) is null;

    /// <summary>The same, but it is an error to give neither.</summary>
    public (string? Id, AgentSelector? Selector) RequireTarget(CommandContext context, AgentIdOption agent)
    {
        var (id, selector) = Target(context, agent);
        return selector is null ? (id ?? agent.Require(context), null) : (null, selector);
    }

    /// <summary>A selector in words: <c>with specialization ocr in cluster blue</c>.</summary>
    public static string Words(AgentSelector selector) => string.Join(' ', new[]
    {
        selector.Specialization is { } spec ? $"with specialization {spec}" : null,
        selector.Label is { } labels ? "with label " + string.Join(", ", labels.Select(label => $"{label.Key}={label.Value}")) : null,
        selector.Cluster is { } cluster ? $"in cluster {cluster}" : null,
        selector.Subtree is { } subtree ? $"at or below {subtree}" : null,
        selector.AgentIds switch
        {
            null => null,
            { Count: <= MostNamed } ids => "named " + string.Join(", ", ids),
            var ids => $"of the {ids.Count} named",
        },
    }.OfType<string>());

    public static string Agents(int count) => count == 1 ? "1 agent" : $"{count} agents";

    /// <summary>
    /// How many agents the caller means, or null when the answer was no. Counts first where <c>--expect</c> is absent; what is
    /// counted is sent as <c>expect</c>, so that no agent is reached that the question did not count.
    /// </summary>
    /// <param name="countAsync">The dry run.</param>
    /// <param name="question">From the count.</param>
    public async Task<int?> AgreeAsync(CommandContext context, string whom, Func<Task<int>> countAsync, Func<int, string> question)
    {
        if (Expected(context) is { } expected)
        {
            return expected;
        }

        if (!IsAgreed(context) && !context.CanAsk)
        {
            throw CannotAsk();
        }

        var matched = await countAsync();
        if (matched == 0)
        {
            throw NothingMatched(whom);
        }

        return IsAgreed(context) || context.Confirm(question(matched)) ? matched : null;
    }

    public static CommandException CannotAsk() => CommandException.Usage(
        "this reaches many agents, and there is no terminal to ask on",
        "say --expect N for exactly N, --yes for however many match, or --dry-run to see which");

    /// <summary>
    /// Who of those that a selector names was not matched, and why. One that is known is left out on purpose where more than its name
    /// was asked for.
    /// </summary>
    public static async Task<IReadOnlyList<LeftOut>> LeftOutAsync(
        CommandContext context, AgentSelector selector, IEnumerable<string> matched, CancellationToken cancellation)
    {
        var left = await LeftOut.LookAsync(context, (selector.AgentIds ?? []).Except(matched), cancellation);
        return IsOfIdsAlone(selector) ? left : [.. left.Where(one => one.IsUnknown)];
    }

    public static bool IsOfIdsAlone(AgentSelector selector) =>
        selector is { AgentIds: not null, Specialization: null, Label: null, Cluster: null, Subtree: null };

    /// <summary>A selector that matches no agent is an error.</summary>
    public static CommandException NothingMatched(string whom) =>
        new(ExitCodes.NotFound, $"no agent {whom} can be reached", "session-mesh list --filter all, to see who is there and how they are");

    private string[]? IdsOf(CommandContext context)
    {
        if (context.Get(_ids) is not { } text)
        {
            return null;
        }

        var ids = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        if (Array.Find(ids, id => !MeshId.IsValid(id)) is { } wrong)
        {
            throw CommandException.Usage($"--ids: '{wrong}' is not an id; {MeshId.Rule}");
        }

        return ids.Length switch
        {
            0 => throw CommandException.Usage("--ids names nobody", "--ids a,b"),
            > Limits.SelectorIds =>
                throw CommandException.Usage(
                    $"--ids names {ids.Length} agents; one call takes {Limits.SelectorIds}",
                    "use a label or a subtree, or call again with the rest"),
            _ => ids,
        };
    }
}
