using Microsoft.EntityFrameworkCore;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Json;
using SessionMesh.Server.Store;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Events;

/// <summary>The newest events about one agent. The log has no index by subject, so a call scans a limited number of entries.</summary>
public sealed class EventReader(MeshEngine engine, MeshStore store)
{
    /// <summary>Events of one call.</summary>
    public const int Most = 100;

    /// <summary>Maximum number of log entries that one call scans: a few tens of milliseconds.</summary>
    public const int MostScanned = 50_000;

    /// <summary>Writes an array, oldest first; null for a key that may not read the log.</summary>
    internal async Task WriteAsync(Utf8Buffer json, Agent agent, Key key, int most)
    {
        if (!key.Has(ScopeSet.MeshRead))
        {
            json.Raw("null"u8);
            return;
        }

        // What is older than the agent was about another one, which had its id before.
        var first = Math.Max(agent.Born, engine.State.Revision - MostScanned + 1);
        await using var db = store.OpenReader();
        var rows = await db.Changes
            .Where(c => c.Revision >= first && c.Subject == agent.Id && !EF.Constant(LogView.Bookkeeping).Contains(c.Kind))
            .OrderByDescending(c => c.Revision).Take(most).ToListAsync();
        new KeptMessages(db).PutInto(rows);
        rows.Reverse();
        json.Raw("["u8);
        foreach (var row in rows)
        {
            EventView.WriteObject(json, row);
            json.Raw(","u8);
        }

        if (rows.Count > 0)
        {
            json.Unwrite();
        }

        json.Raw("]"u8);
    }
}
