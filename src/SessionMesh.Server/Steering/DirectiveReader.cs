using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Loading;

namespace SessionMesh.Server.Steering;

/// <summary>Reads directives from the table, pending or over, in their current state. Each call opens a reader of its own.</summary>
public sealed class DirectiveReader(MeshStore store, MeshEngine engine)
{
    /// <summary>Finds a directive by its revision; null if that revision issued none, or its agent was forgotten.</summary>
    public async Task<DirectiveRecord?> FindAsync(long revision)
    {
        await using var db = store.OpenReader();
        return await RowAsync(db, revision) is { } row && engine.State.SlotSince(row.Agent, revision) is { } slot
            ? StateLoader.ToDirective(row, slot.Agent.Id, new KeptMessages(db)).AsOf(engine.Now.Wall)
            : null;
    }

    /// <summary>Finds an issued directive in its current state, even if its agent was forgotten; null if it was trimmed.</summary>
    public async Task<DirectiveRecord?> FindAsync(DirectiveRecord issued)
    {
        await using var db = store.OpenReader();
        return await RowAsync(db, issued.Revision) is { } row
            ? StateLoader.ToDirective(row, issued.AgentId, new KeptMessages(db)).AsOf(engine.Now.Wall)
            : null;
    }

    /// <summary>
    /// Finds a directive of an agent by its sequence number; null if it is no longer kept. Walks the agent's chain back from the nearest
    /// mark above it, or from the newest directive: fewer than <see cref="MeshDbContext.MarkEvery"/> steps, however long the history. Ends
    /// at the agent's birth: older directives with its number belong to another agent.
    /// </summary>
    public async Task<DirectiveRecord?> FindAsync(Agent agent, long seq)
    {
        if (engine.State.SlotOf(agent)?.Inbox is not { } inbox)
        {
            return null;
        }

        var mark = (seq + MeshDbContext.MarkEvery - 1) / MeshDbContext.MarkEvery * MeshDbContext.MarkEvery;
        await using var db = store.OpenReader();
        var from = mark > inbox.LastSeq ? inbox.LastRevision : (await MarkAsync(db, agent, mark, inbox.LastRevision))?.Revision ?? 0;
        var rows = await db.Directives.FromSql(
            $"""
            WITH RECURSIVE walk (revision, seq, previous) AS (
              SELECT revision, seq, previous FROM directives WHERE revision = {from} AND agent = {agent.Number}
              UNION ALL
              SELECT d.revision, d.seq, d.previous FROM walk w JOIN directives d ON d.revision = w.previous
              WHERE w.seq > {seq} AND d.agent = {agent.Number} AND d.revision > {agent.Born}
            )
            SELECT d.* FROM walk w JOIN directives d ON d.revision = w.revision WHERE w.seq = {seq}
            """).ToListAsync();
        return rows is [var row] ? StateLoader.ToDirective(row, agent.Id, new KeptMessages(db)).AsOf(engine.Now.Wall) : null;
    }

    /// <summary>
    /// Returns up to <paramref name="most"/> directives of an agent, back from the one at revision <paramref name="from"/>. Ends at a
    /// directive of another agent, including an earlier owner of its number.
    /// </summary>
    public async Task<List<DirectiveRecord>> NewestFirstAsync(Agent agent, long from, int most)
    {
        await using var db = store.OpenReader();
        var rows = await db.Directives.FromSql(
            $"""
            WITH RECURSIVE walk (revision, previous, place) AS (
              SELECT revision, previous, 1 FROM directives WHERE revision = {from} AND agent = {agent.Number} AND revision > {agent.Born}
              UNION ALL
              SELECT d.revision, d.previous, w.place + 1 FROM walk w JOIN directives d ON d.revision = w.previous
              WHERE w.place < {most} AND d.agent = {agent.Number} AND d.revision > {agent.Born}
            )
            SELECT d.* FROM walk w JOIN directives d ON d.revision = w.revision ORDER BY w.place
            """).ToListAsync();
        var messages = new KeptMessages(db);
        return rows.ConvertAll(row => StateLoader.ToDirective(row, agent.Id, messages).AsOf(engine.Now.Wall));
    }

    private static Task<DirectiveRow?> MarkAsync(MeshDbContext db, Agent agent, long seq, long upTo) => db.Directives.FromSqlRaw(
        $$"""
        SELECT * FROM directives WHERE agent = {0} AND seq = {1} AND {{MeshDbContext.MarkFilter}} AND revision <= {2} AND revision > {3}
        ORDER BY revision DESC LIMIT 1
        """,
        agent.Number, seq, upTo, agent.Born).SingleOrDefaultAsync();

    private static Task<DirectiveRow?> RowAsync(MeshDbContext db, long revision) =>
        db.Directives.SingleOrDefaultAsync(d => d.Revision == revision);
}
