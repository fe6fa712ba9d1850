using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Steering;

/// <summary>Directives from the table, pending or over, as they are now. Each call reads on a connection of its own.</summary>
public sealed class DirectiveHistory(MeshStore store, MeshEngine engine)
{
    /// <summary>By revision; null when that revision issued none.</summary>
    public async Task<Directive?> FindAsync(long revision)
    {
        await using var db = store.OpenReader();
        return await db.Directives.SingleOrDefaultAsync(d => d.Revision == revision) is { } row
            ? StateLoader.ToDirective(row, new KeptMessages(db)).AsOf(engine.Now.Wall)
            : null;
    }

    /// <summary>
    /// One of an agent's, by its sequence number; null when it is kept no longer. From the nearest mark above it, or from the newest, the
    /// agent's chain is walked back by less than <see cref="MeshDbContext.MarkEvery"/>: the same for every length of history.
    /// </summary>
    public async Task<Directive?> FindAsync(int agent, long seq)
    {
        var inbox = engine.State.Slots[agent].Inbox;
        var mark = (seq + MeshDbContext.MarkEvery - 1) / MeshDbContext.MarkEvery * MeshDbContext.MarkEvery;
        await using var db = store.OpenReader();
        var from = mark > inbox.LastSeq ? inbox.LastRevision : (await MarkAsync(db, agent, mark, inbox.LastRevision))?.Revision ?? 0;
        var rows = await db.Directives.FromSql(
            $"""
            WITH RECURSIVE walk (revision, seq, previous) AS (
              SELECT revision, seq, previous FROM directives WHERE revision = {from} AND agent = {agent}
              UNION ALL
              SELECT d.revision, d.seq, d.previous FROM walk w JOIN directives d ON d.revision = w.previous
              WHERE w.seq > {seq} AND d.agent = {agent}
            )
            SELECT d.* FROM walk w JOIN directives d ON d.revision = w.revision WHERE w.seq = {seq}
            """).ToListAsync();
        return rows is [var row] ? StateLoader.ToDirective(row, new KeptMessages(db)).AsOf(engine.Now.Wall) : null;
    }

    /// <summary>An agent's directives from one of them back, as many as asked for. One of another agent's ends it.</summary>
    public async Task<List<Directive>> NewestFirstAsync(int agent, long from, int most)
    {
        await using var db = store.OpenReader();
        var rows = await db.Directives.FromSql(
            $"""
            WITH RECURSIVE walk (revision, previous, place) AS (
              SELECT revision, previous, 1 FROM directives WHERE revision = {from} AND agent = {agent}
              UNION ALL
              SELECT d.revision, d.previous, w.place + 1 FROM walk w JOIN directives d ON d.revision = w.previous
              WHERE w.place < {most} AND d.agent = {agent}
            )
            SELECT d.* FROM walk w JOIN directives d ON d.revision = w.revision ORDER BY w.place
            """).ToListAsync();
        var messages = new KeptMessages(db);
        return rows.ConvertAll(row => StateLoader.ToDirective(row, messages).AsOf(engine.Now.Wall));
    }

    private static Task<DirectiveRow?> MarkAsync(MeshDbContext db, int agent, long seq, long upTo) => db.Directives.FromSqlRaw(
        $$"""
        SELECT * FROM directives WHERE agent = {0} AND seq = {1} AND {{MeshDbContext.MarkFilter}} AND revision <= {2}
        ORDER BY revision DESC LIMIT 1
        """,
        agent, seq, upTo).SingleOrDefaultAsync();
}
