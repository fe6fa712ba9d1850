using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Targets;

/// <summary>
/// <c>--all</c>: every agent that is alive, in every cluster, and the consent to act on that many. It is said, never meant by leaving
/// everything else out. The consent is to agents by name: who joins after the question is not meant.
/// </summary>
internal sealed class Everyone
{
    private const string Words = "that is alive";

    private readonly Option<bool> _all = new("--all") { Description = "Every agent that is alive, in every cluster" };
    private readonly SelectorOptions _many;

    public Everyone(Command command, SelectorOptions many)
    {
        _many = many;
        command.Add(_all);
    }

    public bool IsMeant(CommandContext context) => context.Get(_all);

    /// <summary>One agent, or a selector, or with neither everyone.</summary>
    public (string? Id, AgentSelector? Selector) RequireTarget(CommandContext context, AgentIdOption agent)
    {
        if (!IsMeant(context))
        {
            return _many.RequireTarget(context, agent);
        }

        if (agent.All(context).Count > 0 || _many.Find(context) is not null)
        {
            throw CommandException.Usage("--all cannot be combined with an agent or a selector", "leave one of them out");
        }

        return (null, null);
    }

    /// <summary>Those who are meant, once that is agreed; null when the answer was no. A dry run needs no consent.</summary>
    /// <param name="act">What happens to every agent, as in "this stops every agent".</param>
    /// <param name="nothing">What is true as long as nobody agreed, such as "nothing was stopped".</param>
    /// <param name="isAgreed">Whether an option of the command says that there is no need to ask.</param>
    /// <param name="question">From those who are meant, in words.</param>
    public async Task<IReadOnlyList<string>?> AgreeAsync(
        CommandContext context, string act, string nothing, bool isAgreed, Func<string, string> question, CancellationToken cancellation)
    {
        var expect = _many.Expected(context);
        var needsAnswer = !_many.IsDryRun(context) && !isAgreed && expect is null;
        if (needsAnswer && !context.CanAsk)
        {
            throw CommandException.Usage(
                $"this {act} every agent, and there is no terminal to ask on",
                "say --yes, --expect N for exactly N, or --dry-run to see which");
        }

        var ids = await IdsAsync(context, cancellation);
        if (ids.Count == 0)
        {
            throw SelectorOptions.NothingMatched(Words);
        }

        if (!_many.IsDryRun(context) && expect is { } count && count != ids.Count)
        {
            throw new CommandException(
                ExitCodes.Conflict,
                $"{SelectorOptions.Agents(ids.Count)} {(ids.Count == 1 ? "is" : "are")} alive, not {count}; {nothing}",
                "look again with --dry-run");
        }

        return !needsAnswer || context.Confirm(question($"{SelectorOptions.Agents(ids.Count)}: everyone that is alive, in every cluster"))
            ? ids
            : null;
    }

    /// <summary>Who is alive, or may be: a lease that lapsed a moment ago does not stop a process.</summary>
    private static async Task<IReadOnlyList<string>> IdsAsync(CommandContext context, CancellationToken cancellation)
    {
        var ids = new List<string>();
        using var progress = context.ShowProgress(() => "listing who is alive");
        foreach (var filter in new[] { AgentStatus.Alive, AgentStatus.Suspect })
        {
            var query = new AgentQuery { Filter = filter, Fields = ["agent_id"], Limit = Limits.MaxPage };
            do
            {
                var page = await context.Client.AliveAsync(query, cancellation);
                ids.AddRange(page.Sessions.Select(row => row.AgentId).OfType<string>());
                query = query with { Cursor = page.NextCursor };
            }
            while (query.Cursor is not null);
        }

        return [.. ids.Distinct(StringComparer.Ordinal)];
    }
}
