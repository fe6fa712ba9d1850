using SessionMesh.Contracts.Sessions;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Sessions;

/// <summary>
/// Writes sessions straight into UTF-8: as rows, as export records and as rows of <c>/alive</c>. For an export of a million this loop is
/// the cost. A test holds the result equal to the contract's records. Thread-safe.
/// </summary>
public sealed class SessionWriter(MeshEngine engine)
{
    /// <param name="now">In microseconds.</param>
    public static void Write(Utf8Buffer json, Session session, long now)
    {
        json.Raw("{\"id\":\""u8);
        json.Raw(session.Id); // an id needs no escaping
        json.Raw("\",\"user\":"u8);
        json.String(session.User);
        WriteState(json, session, now);
        json.Raw(",\"expired_at\":"u8);
        json.TimeMicros(session.ExpiredAt);
        json.Raw(",\"agent_id\":null,\"version\":"u8);
        json.Number(session.Version);
        json.Raw("}"u8);
    }

    /// <summary>Writes a record in the form of the old tool, without a line end.</summary>
    /// <param name="now">In microseconds.</param>
    public static void WriteRecord(Utf8Buffer json, Session session, long now)
    {
        json.Raw("{\"type\":\"session\",\"id\":\""u8);
        json.Raw(session.Id);
        json.Raw("\",\"user\":"u8);
        json.String(session.User);
        WriteState(json, session, now);
        if (session.ExpiredAt != 0)
        {
            json.Raw(",\"expired_at\":"u8);
            json.TimeMicros(session.ExpiredAt);
        }

        json.Raw("}"u8);
    }

    /// <summary>
    /// Writes the registration of an agent as a session: created when the agent first appeared, last accessed when the agent was last
    /// heard.
    /// </summary>
    public void Write(Utf8Buffer json, Agent agent)
    {
        var now = engine.Now;
        var vitals = engine.State.SlotOf(agent) is { } slot ? slot.ReadVitals() : Vitals.Unheard;
        var touched = vitals.TouchedAt == AgentSlot.Never ? 0 : now.WallAt(vitals.TouchedAt);
        json.Raw("{\"id\":\"s-"u8);
        json.Number(agent.Session);
        json.Raw("\",\"user\":"u8);
        json.String(agent.User ?? SessionRules.DefaultUser);
        json.Raw(agent.Liveness == Liveness.Lost ? ",\"status\":\"expired\",\"ttl\":"u8 : ",\"status\":\"active\",\"ttl\":"u8);
        json.Number(agent.Ttl);
        json.Raw(",\"meta\":"u8);
        json.Raw(agent.Meta.Utf8());
        json.Raw(",\"created_at\":"u8);
        json.TimeMicros(agent.CreatedAt * 1000);
        json.Raw(",\"last_access\":"u8);
        json.TimeMicros((touched == 0 ? agent.CreatedAt : touched) * 1000);
        json.Raw(",\"expires_at\":"u8);
        json.TimeMicros(touched == 0 ? 0 : now.WallAt(engine.State.Leases.LapsesAt(agent, vitals)) * 1000);
        json.Raw(",\"expired_at\":null,\"agent_id\":\""u8);
        json.Raw(agent.Id);
        json.Raw("\",\"version\":"u8);
        json.Number(agent.SessionVersion);
        json.Raw("}"u8);
    }

    /// <summary>Writes a plain session as a row of <c>/alive</c>: members that only agents have are null or empty.</summary>
    /// <param name="now">In microseconds.</param>
    public static void WriteRow(Utf8Buffer json, Session session, long now, RowFields fields)
    {
        var start = json.Length;
        json.Raw("{"u8);
        foreach (var field in RowFieldNames.InOrder)
        {
            if ((fields & field.Field) == RowFields.None)
            {
                continue;
            }

            json.Raw("\""u8);
            json.Raw(field.Name);
            json.Raw("\":"u8);
            WriteRowMember(json, session, now, field.Field);
            json.Raw(","u8);
        }

        if (json.Length > start + 1)
        {
            json.Unwrite();
        }

        json.Raw("}"u8);
    }

    private static void WriteRowMember(Utf8Buffer json, Session session, long now, RowFields field)
    {
        switch (field)
        {
            case RowFields.SessionId: json.String(session.Id); break;
            case RowFields.Incarnation: json.Number(0); break;
            case RowFields.Status: json.String(session.IsOverAt(now) ? SessionStatus.Expired : SessionStatus.Active); break;
            case RowFields.Paused or RowFields.Connected: json.Bool(false); break;
            case RowFields.Specializations or RowFields.Skills: json.Raw("[]"u8); break;
            case RowFields.Labels: json.Raw("{}"u8); break;
            case RowFields.User: json.String(session.User); break;
            case RowFields.CreatedAt: json.Time(session.CreatedAt / 1000); break;
            case RowFields.ExpiresAt: json.Time(session.ExpiresAt / 1000); break;
            default: json.Raw("null"u8); break;
        }
    }

    private static void WriteState(Utf8Buffer json, Session session, long now)
    {
        json.Raw(session.IsOverAt(now) ? ",\"status\":\"expired\",\"ttl\":"u8 : ",\"status\":\"active\",\"ttl\":"u8);
        if (session.Ttl is { } ttl)
        {
            json.Number(ttl);
        }
        else
        {
            json.Raw("null"u8);
        }

        json.Raw(",\"meta\":"u8);
        json.Raw(session.Meta.Utf8());
        json.Raw(",\"created_at\":"u8);
        json.TimeMicros(session.CreatedAt);
        json.Raw(",\"last_access\":"u8);
        json.TimeMicros(session.LastAccess);
        json.Raw(",\"expires_at\":"u8);
        json.TimeMicros(session.ExpiresAt);
    }
}
