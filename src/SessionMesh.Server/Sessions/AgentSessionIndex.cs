using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Sessions;

/// <summary>
/// Finds the agent behind a session's id. By the table's index: memory would need an entry for every agent, for what few ask. Thread-safe.
/// </summary>
public sealed class AgentSessionIndex(MeshEngine engine, MeshStore store)
{
    /// <summary>The slot whose current session it is, if the key reaches it.</summary>
    public async Task<AgentSlot?> FindAsync(string sessionId, Key key)
    {
        if (!AgentSessionId.TryParse(sessionId, out var session) || session > engine.State.Revision)
        {
            return null;
        }

        // A key that is bound to the agent asks most: no query then.
        if (key.AgentId is { } own && engine.State.Find(own) is { } bound && bound.Agent.Session == session)
        {
            return bound;
        }

        await using var db = store.OpenReader();
        var numbers = await db.Agents.Where(a => a.Session == session).Select(a => a.Number).ToListAsync();
        return numbers is [var number] && number < engine.State.Slots.Count && engine.State.Slots[number] is { } slot
            && slot.Agent.Session == session && engine.State.Reaches(key, slot.Agent)
            ? slot
            : null;
    }
}
