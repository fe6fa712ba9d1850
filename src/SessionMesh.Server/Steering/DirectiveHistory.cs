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
        return await db.Directives.SingleOrDefaultAsync(d => d.Revision == revision) is { } row ? StateLoader.ToDirective(row) : null;
    }

    /// <summary>One of an agent's, by its sequence number: a walk along the agent's chain from the newest back.</summary>
    public async Task<Directive?> FindAsync(int agent, long seq)
    {
        await foreach (var directive in NewestFirstAsync(agent))
        {
            if (directive.Seq <= seq)
            {
                return directive.Seq == seq ? directive : null;
            }
        }

        return null;
    }

    /// <summary>An agent's directives, newest first; take as many as you need.</summary>
    public async IAsyncEnumerable<Directive> NewestFirstAsync(int agent)
    {
        await using var db = store.OpenReader();
        for (var revision = engine.State.Slots[agent].Inbox.LastRevision; revision > 0;)
        {
            var at = revision;
            var row = await db.Directives.SingleAsync(d => d.Revision == at);
            yield return StateLoader.ToDirective(row);
            revision = row.Previous;
        }
    }
}
