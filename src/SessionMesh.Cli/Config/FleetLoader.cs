using System.Collections.Concurrent;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Config;

/// <summary>Looks up what a file names, and makes it known.</summary>
/// <param name="cluster">Of what nobody knows and that says none; null leaves it to the server.</param>
/// <param name="looksOnly">Whether nothing is to be changed.</param>
internal sealed class FleetLoader(CommandContext context, string? cluster, bool looksOnly)
{
    /// <summary>Calls at once, so that a large fleet does not wait for one answer after the other.</summary>
    private const int Concurrency = 16;

    /// <summary>Below this, one call after the other is quick enough.</summary>
    private const int Few = 32;

    /// <summary>
    /// Rows of a list that take about as long as looking up one agent, roughly: by this, a small file in a large mesh lists nothing.
    /// </summary>
    private const int RowsPerLook = 20;

    /// <summary>Agents whose links are asked for one by one; for more, the links of all agents are read.</summary>
    private const int ManyEnds = 1000;

    private readonly MeshClient _client = context.Client;
    private int _done;

    /// <summary>Entries that are through; for a line that shows how far it is. Read on any thread.</summary>
    public int Done => Volatile.Read(ref _done);

    /// <summary>The agents of a file, those at the ends of its links, and all that is above them, as they are; by id.</summary>
    public async Task<IReadOnlyDictionary<string, AgentRow>> KnownAsync(FleetConfig config, CancellationToken cancellation)
    {
        var known = new ConcurrentDictionary<string, AgentRow>(StringComparer.Ordinal);
        var wanted = config.Agents.Select(agent => agent.Id)
            .Concat(config.Agents.Select(agent => agent.ParentId).OfType<string>().Where(id => id.Length > 0))
            .Concat(config.Links.SelectMany(link => (string[])[link.From, link.To]))
            .ToHashSet(StringComparer.Ordinal);
        if (wanted.Count > Few && await TotalAsync(cancellation) < (long)wanted.Count * RowsPerLook)
        {
            for (string? cursor = null; ;)
            {
                var page = await _client.AgentsAsync(new AgentQuery { Limit = Limits.MaxPage, Cursor = cursor }, cancellation);
                foreach (var row in page.Sessions.Where(row => row.AgentId is not null))
                {
                    known[row.AgentId!] = row;
                }

                if ((cursor = page.NextCursor) is null)
                {
                    return known;
                }
            }
        }

        var looked = new HashSet<string>(StringComparer.Ordinal);
        while (wanted.Count > 0)
        {
            looked.UnionWith(wanted);
            await EachAsync([.. wanted], async (id, token) =>
            {
                if (await FindAsync(id, token) is { } row)
                {
                    known[id] = row;
                }

                return true;
            }, cancellation);
            wanted = [.. known.Values.Select(row => row.ParentId).OfType<string>().Where(id => !looked.Contains(id))];
        }

        return known;
    }

    /// <summary>The links that begin where a link of a file begins, as they are.</summary>
    public async Task<IEnumerable<LinkRow>> KnownLinksAsync(
        IReadOnlyList<FleetLink> links, IReadOnlyDictionary<string, AgentRow> known, CancellationToken cancellation)
    {
        var from = links.Select(link => link.From).Where(known.ContainsKey).ToHashSet(StringComparer.Ordinal);
        var rows = from.Count > ManyEnds
            ? await AllLinksAsync(null, cancellation)
            : (await EachAsync([.. from], AllLinksAsync, cancellation)).SelectMany(rows => rows);
        return rows.Where(row => from.Contains(row.From)).DistinctBy(row => (row.From, row.To, row.Kind));
    }

    /// <summary>Applies the links of a plan, whose agents are there. The answers are in the file's order.</summary>
    public Task<List<LoadedLink>> LinksAsync(FleetPlan plan, CancellationToken cancellation) =>
        EachAsync(plan.Links, LinkAsync, cancellation);

    public Task<List<LoadedEntry>> SessionsAsync(IReadOnlyList<ExpectedSession> sessions, CancellationToken cancellation) =>
        EachAsync(sessions, SessionAsync, cancellation);

    /// <summary>
    /// Applies a plan, a level after the other, so that every parent is there before its children. The answers are in the file's order.
    /// </summary>
    public async Task<IEnumerable<LoadedEntry>> AgentsAsync(FleetPlan plan, CancellationToken cancellation)
    {
        var loaded = new Dictionary<string, LoadedEntry>(StringComparer.Ordinal);
        foreach (var level in plan.Levels)
        {
            foreach (var entry in await EachAsync(level, AgentAsync, cancellation))
            {
                loaded.Add(entry.Id, entry);
            }
        }

        return plan.InOrder.Select(id => loaded[id]);
    }

    private async Task<long> TotalAsync(CancellationToken cancellation) =>
        (await _client.AgentsAsync(new AgentQuery { Limit = 1, Fields = ["agent_id"], WithTotal = true }, cancellation)).Total
            ?? long.MaxValue;

    private async Task<LoadedEntry> SessionAsync(ExpectedSession session, CancellationToken cancellation)
    {
        try
        {
            if (await FindAsync(session.Id, cancellation) is { } row)
            {
                return await EntryAsync(session.Id, session.Filter, PlannedAgent.None, row, cancellation);
            }

            if (await FindPlainAsync(session.Id, cancellation) is { } plain)
            {
                return new LoadedEntry(session.Id, session.Filter, PlannedAgent.None)
                {
                    Status = plain.Status,
                    Matches = LoadedEntry.IsMatch(plain, session.Filter),
                };
            }

            if (looksOnly)
            {
                return new LoadedEntry(session.Id, session.Filter, PlannedAgent.Declare) { Matches = false };
            }

            var declared = await _client.RegisterAsync(
                new RegisterAgentRequest
                {
                    AgentId = session.Id,
                    Cluster = cluster,
                    Declare = true,
                    Specializations = session.Specializations is { Count: > 0 } skills ? skills : null,
                },
                cancellation);
            return await EntryAsync(session.Id, session.Filter, PlannedAgent.Declare, declared, cancellation);
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return new LoadedEntry(session.Id, session.Filter, PlannedAgent.None) { Matches = false, Error = ProblemText.Of(e) };
        }
    }

    private async Task<LoadedEntry> AgentAsync(PlannedAgent planned, CancellationToken cancellation)
    {
        var agent = planned.Agent;
        try
        {
            if (planned.Change is PlannedAgent.None)
            {
                return await EntryAsync(agent.Id, agent.Filter, PlannedAgent.None, planned.Row!, cancellation);
            }

            if (looksOnly)
            {
                var entry = planned.Row is { } row
                    ? await EntryAsync(agent.Id, agent.Filter, planned.Change, row, cancellation)
                    : new LoadedEntry(agent.Id, agent.Filter, planned.Change) { Matches = agent.Filter is null ? null : false };
                return entry with { Changes = planned.Changes, Declared = false };
            }

            if (agent.ParentId is "" && planned.Row?.ParentId is not null)
            {
                await _client.MoveAsync(agent.Id, null, cancellation);
            }

            var registered = await _client.RegisterAsync(
                new RegisterAgentRequest
                {
                    AgentId = agent.Id,
                    Declare = true,
                    Update = planned.Row is null ? null : true,
                    Cluster = agent.Cluster,
                    ParentId = agent.ParentId is { Length: > 0 } parent ? parent : null,
                    User = agent.User,
                    Specializations = agent.Skills,
                    Labels = agent.Labels,
                },
                cancellation);
            return await EntryAsync(agent.Id, agent.Filter, planned.Change, registered, cancellation) with { Changes = planned.Changes };
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return new LoadedEntry(agent.Id, agent.Filter, PlannedAgent.None)
            {
                Status = planned.Row?.Status,
                Matches = agent.Filter is null ? null : false,
                Error = ProblemText.Of(e),
            };
        }
    }

    private async Task<LoadedLink> LinkAsync(PlannedLink planned, CancellationToken cancellation)
    {
        try
        {
            if (!looksOnly && planned.Change is not PlannedAgent.None)
            {
                var link = planned.Link;
                await _client.PutLinkAsync(
                    new LinkRequest { From = link.From, To = link.To, Kind = link.Kind, Weight = link.Weight }, cancellation);
            }

            return new LoadedLink(planned);
        }
        catch (MeshException e) when (IsOfOneOnly(e))
        {
            return new LoadedLink(planned) { Error = ProblemText.Of(e) };
        }
    }

    /// <param name="agentId">Only those from or to this agent.</param>
    private async Task<List<LinkRow>> AllLinksAsync(string? agentId, CancellationToken cancellation)
    {
        var rows = new List<LinkRow>();
        for (string? cursor = null; ;)
        {
            var page = await _client.LinksAsync(
                new LinkQuery { AgentId = agentId, Limit = Limits.MaxPage, Cursor = cursor }, cancellation);
            rows.AddRange(page.Links);
            if ((cursor = page.NextCursor) is null)
            {
                return rows;
            }
        }
    }

    private async Task<LoadedEntry> EntryAsync(
        string id, string? filter, string change, AgentRow row, CancellationToken cancellation) => new(id, filter, change)
        {
            Status = row.Status,
            Declared = change is PlannedAgent.Declare,
            Matches = filter is null ? null : LoadedEntry.IsMatch(row, filter) ?? await IsListedAsync(id, filter, cancellation),
        };

    /// <summary>Asks the server whether an agent is among those of a filter: no id that begins with this one comes before it.</summary>
    private async Task<bool> IsListedAsync(string id, string filter, CancellationToken cancellation)
    {
        var query = new AgentQuery { Filter = filter, Prefix = id, Sort = AliveSort.Id, Limit = 1, Fields = ["agent_id"] };
        return (await _client.AgentsAsync(query, cancellation)).Sessions is [var first, ..] && first.AgentId == id;
    }

    private async Task<AgentRow?> FindAsync(string id, CancellationToken cancellation)
    {
        try
        {
            return await _client.AgentAsync(id, cancellation);
        }
        catch (MeshException e) when (e.Code is ErrorCodes.AgentNotFound or ErrorCodes.NotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// The plain session of that id, or null: then the id is an agent's to have. A key that may not see sessions sees none.
    /// </summary>
    private async Task<Contracts.Sessions.SessionRow?> FindPlainAsync(string id, CancellationToken cancellation)
    {
        try
        {
            return await _client.SessionAsync(id, cancellation);
        }
        catch (MeshException e) when (e.Status is 403 or 404)
        {
            return null;
        }
    }

    /// <summary>A wrong key or an absent server concerns them all, and ends the command.</summary>
    private static bool IsOfOneOnly(MeshException error) => error.Failure is MeshFailure.Refused && error.Status is not 401;

    /// <summary>The answers in the order of what they are about.</summary>
    private async Task<List<TTo>> EachAsync<TFrom, TTo>(
        IReadOnlyList<TFrom> all, Func<TFrom, CancellationToken, Task<TTo>> one, CancellationToken cancellation)
    {
        var answers = new TTo[all.Count];
        var parallel = new ParallelOptions
        {
            CancellationToken = cancellation,
            MaxDegreeOfParallelism = all.Count < Few ? 1 : Concurrency,
        };
        await Parallel.ForEachAsync(Enumerable.Range(0, all.Count), parallel, async (i, token) =>
        {
            answers[i] = await one(all[i], token);
            Interlocked.Increment(ref _done);
        });
        return [.. answers];
    }
}
