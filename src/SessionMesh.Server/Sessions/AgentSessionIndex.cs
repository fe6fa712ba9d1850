using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Sessions;

/// <summary>
/// Finds the agent behind a session id, by an index of the table: few callers ask, and in memory every agent would need an entry.
/// Thread-safe.
/// </summary>
public sealed class AgentSessionIndex(MeshEngine engine, MeshStore store)
{
    /// <summary>Finds the slot with that current session; null if there is none or the key does not reach it.</summary>
    public async Task<AgentSlot?> FindAsync(string sessionId, Key key)
    {
        if (!AgentSessionId.TryParse(sessionId, out var session) || session > engine.State.Revision)
        {
            return null;
        }

        // Most calls come from the agent's own key: no query then.
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
