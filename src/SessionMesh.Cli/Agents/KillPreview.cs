using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Agents;

/// <summary>Whom a kill would stop: for its dry run and for its question.</summary>
/// <param name="options">With whether what is below goes, too.</param>
internal sealed class KillPreview(CommandContext context, KillOptions options)
{
    public const string Undone = "nothing was stopped";
    private const string Done = "stopped";

    private bool Cascades => options.Cascade is not "none";

    private string Below => Cascades ? " and their descendants" : "";

    /// <summary>The dry run on one agent, and with a cascade on everything below it that has not ended.</summary>
    public async Task<int> ShowOneAsync(string id, CancellationToken cancellation)
    {
        var agent = await context.Client.SendAsync(MeshCall.Agent(id), cancellation); // one that is not known is an error
        var isDead = Json.Text(agent, "status") is AgentStatus.Dead;
        if (!Cascades && !isDead)
        {
            var below = agent.TryGetProperty("descendants", out var count) ? count.GetInt32() : 0;
            return DryRun.ShowOne(context, agent, Undone, Done, _ => true, below == 0 ? "" : "; " + Stays(below));
        }

        var ids = Cascades ? await SubtreeAsync(id, cancellation) : [];
        IReadOnlyList<string> all = [.. isDead ? [] : new[] { id }, .. ids.Where(below => below != id)];
        DryRun.Write(context, all, []);
        context.Note($"dry run: {Undone}; "
            + (isDead ? $"agent {id} is dead already" + (all.Count == 0 ? "" : ", and ") : "")
            + (all.Count == 0 ? "" : $"{SelectorOptions.Agents(all.Count)}{(isDead ? " below it" : "")} would be {Done}"));
        return ExitCodes.Done;
    }

    /// <summary>The dry run on several that are named.</summary>
    public async Task<int> ShowNamedAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var (alive, left) = await LookAsync(ids, cancellation);
        if (left.Count == ids.Count && left.All(one => one.IsUnknown))
        {
            throw SelectorOptions.NothingMatched(SelectorOptions.Words(new AgentSelector { AgentIds = ids }));
        }

        DryRun.Write(context, alive, left);
        context.Note($"dry run: {Undone}; "
            + (alive.Count == 0 ? "nobody would be" : $"{SelectorOptions.Agents(alive.Count)}{Below} would be {Done}"));
        return left.Any(one => one.IsUnknown) ? ExitCodes.Partly : ExitCodes.Done;
    }

    /// <summary>Asks whether to stop several that are named. Where nobody would be stopped there is nothing to ask.</summary>
    public async Task<bool> AgreedAsync(IReadOnlyList<string> ids, string grace, CancellationToken cancellation)
    {
        var (alive, left) = await LookAsync(ids, cancellation);
        LeftOut.Say(context, [.. left.Where(one => one.IsUnknown)]);
        // Who is dead is not stopped, but what lives below it is.
        List<string> whom = [.. alive, .. left.Where(one => Cascades && one.Below > 0).Select(one => one.AgentId)];
        var words = SelectorOptions.Words(new AgentSelector { AgentIds = whom });
        return whom.Count == 0 || context.Confirm($"Stop {SelectorOptions.Agents(whom.Count)} {words}{Below}? {grace}");
    }

    /// <summary>What becomes of those below an agent that is stopped alone.</summary>
    public static string Stays(int descendants) => descendants == 1
        ? "its 1 descendant stays, under its parent"
        : $"its {descendants} descendants stay, under its parent";

    private async Task<(IReadOnlyList<string> Alive, IReadOnlyList<LeftOut> Left)> LookAsync(
        IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var alive = await new KillNamed(context, options).MatchAsync(ids, cancellation);
        return (alive, await LeftOut.LookAsync(context, ids.Except(alive), cancellation));
    }

    private async Task<List<string>> SubtreeAsync(string id, CancellationToken cancellation)
    {
        var query = new AgentQuery
        {
            Filter = AliveFilter.All,
            Subtree = id,
            Fields = ["agent_id", "status", "parent_id"],
            Limit = Limits.MaxPage,
        };
        var ids = new List<string>();
        do
        {
            var page = await context.Client.AliveAsync(query, cancellation);
            ids.AddRange(page.Sessions.Where(row => row.Status != AgentStatus.Dead).Select(row => row.AgentId!));
            query = query with { Cursor = page.NextCursor };
        }
        while (query.Cursor is not null);

        return ids;
    }
}
