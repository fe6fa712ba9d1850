using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Steering;

/// <summary>Directives from the table, pending or over. Each call reads on a connection of its own.</summary>
public sealed class DirectiveHistory(MeshStore store, MeshEngine engine)
{
    /// <summary>By revision; null when that revision issued none.</summary>
    public async Task<Directive?> FindAsync(long revision)
    {
        await using var db = store.OpenReader();
        return await db.Directives.SingleOrDefaultAsync(d => d.Revision == revision) is { } row ? StateLoader.ToDirective(row, new KeptMessages(db)) : null;
    }

    /// <summary>One of an agent's, by its sequence number: a walk along the agent's chain from the newest back.</summary>
    public async Task<Directive?> FindAsync(int agent, long seq)
    {
        await foreach (var directive in NewestFirstAsync(agent, engine.State.Slots[agent].Inbox.LastRevision))
        {
            if (directive.Seq <= seq)
            {
                return directive.Seq == seq ? directive : null;
            }
        }

        return null;
    }

    /// <summary>An agent's directives from one of them back to the first; take as many as you need. One of another agent's ends it.</summary>
    public async IAsyncEnumerable<Directive> NewestFirstAsync(int agent, long from)
    {
        await using var db = store.OpenReader();
        var messages = new KeptMessages(db);
        for (var revision = from; revision > 0;)
        {
            var at = revision;
            if (await db.Directives.SingleOrDefaultAsync(d => d.Revision == at) is not { } row || row.Agent != agent)
            {
                yield break;
            }

            yield return StateLoader.ToDirective(row, messages);
            revision = row.Previous;
        }
    }
}
