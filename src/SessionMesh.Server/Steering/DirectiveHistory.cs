using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Steering;

/// <summary>Directives from the table, pending or over. Each call reads on a connection of its own.</summary>
public sealed class DirectiveHistory(MeshStore store, MeshEngine engine)
{
    /// <summary>By revision; null when that revision issued none, or its agent was forgotten.</summary>
    public async Task<Directive?> FindAsync(long revision)
    {
        await using var db = store.OpenReader();
        return await RowAsync(db, revision) is { } row && engine.State.SlotSince(row.Agent, revision) is { } slot
            ? StateLoader.ToDirective(row, slot.Agent.Id, new KeptMessages(db))
            : null;
    }

    /// <summary>One that was issued, as it is now, whatever became of its agent; null when it was trimmed.</summary>
    public async Task<Directive?> FindAsync(Directive issued)
    {
        await using var db = store.OpenReader();
        return await RowAsync(db, issued.Revision) is { } row ? StateLoader.ToDirective(row, issued.AgentId, new KeptMessages(db)) : null;
    }

    /// <summary>One of an agent's, by its sequence number: a walk along the agent's chain from the newest back.</summary>
    public async Task<Directive?> FindAsync(Agent agent, long seq)
    {
        var newest = engine.State.SlotOf(agent)?.Inbox.LastRevision ?? 0;
        await foreach (var directive in NewestFirstAsync(agent, newest))
        {
            if (directive.Seq <= seq)
            {
                return directive.Seq == seq ? directive : null;
            }
        }

        return null;
    }

    /// <summary>
    /// An agent's directives from one of them back to the first; take as many as you need. One of another agent's ends it, and so does
    /// one of who had its number before.
    /// </summary>
    public async IAsyncEnumerable<Directive> NewestFirstAsync(Agent agent, long from)
    {
        await using var db = store.OpenReader();
        var messages = new KeptMessages(db);
        for (var revision = from; revision > agent.Born;)
        {
            if (await RowAsync(db, revision) is not { } row || row.Agent != agent.Number)
            {
                yield break;
            }

            yield return StateLoader.ToDirective(row, agent.Id, messages);
            revision = row.Previous;
        }
    }

    private static Task<DirectiveRow?> RowAsync(MeshDbContext db, long revision) =>
        db.Directives.SingleOrDefaultAsync(d => d.Revision == revision);
}
