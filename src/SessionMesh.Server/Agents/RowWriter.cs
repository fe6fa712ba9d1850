using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Agents;

/// <summary>
/// Writes agents as rows, member by member, straight into UTF-8: for a large fleet this loop is the cost of a page. A test holds the result
/// equal to the contract's record. Thread-safe.
/// </summary>
public sealed class RowWriter(MeshEngine engine)
{
    private MeshState State => engine.State;

    /// <summary>Writes one row, as an object.</summary>
    public void Write(Utf8Buffer json, AgentSlot slot, Moment now, RowFields fields)
    {
        json.Raw("{"u8);
        WriteMembers(json, slot.Agent, slot.ReadVitals(), now, fields);
        json.Raw("}"u8);
    }

    /// <summary>The row of an agent, as the answer to a command that is not a sign of life.</summary>
    public Answer Render(Agent agent) => Answers.Of(StatusCodes.Status200OK, json =>
    {
        json.Raw("{"u8);
        WriteMembers(json, agent, engine.Now, renewed: false);
        json.Raw("}"u8);
    });

    /// <summary>
    /// Writes an agent as a command leaves it. Its batch may be committed or, under an <c>Idempotency-Key</c>, not yet.
    /// </summary>
    /// <param name="renewed">Whether the command renews the lease, and so counts as a sign of life.</param>
    public void WriteMembers(Utf8Buffer json, Agent agent, Moment now, bool renewed)
    {
        var slot = State.SlotOf(agent);
        var vitals = slot?.Agent.Incarnation == agent.Incarnation
            ? slot.ReadVitals()
            : Vitals.Unheard with { Connected = slot?.Streams > 0 };
        if (renewed)
        {
            vitals = vitals with { TouchedAt = now.Lease, GrantedTtl = 0 };
        }

        WriteMembers(json, agent, vitals, now, RowFields.All);
    }

    public void WriteMembers(Utf8Buffer json, Agent agent, in Vitals vitals, Moment now, RowFields fields)
    {
        var start = json.Length;
        if (Has(fields, RowFields.AgentId))
        {
            json.Raw("\"agent_id\":\""u8);
            json.Raw(agent.Id); // an id needs no escaping
            json.Raw("\","u8);
        }

        if (Has(fields, RowFields.SessionId))
        {
            WriteSessionId(json, agent);
        }

        if (Has(fields, RowFields.Incarnation))
        {
            json.Raw("\"incarnation\":"u8);
            json.Number(agent.Incarnation);
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Status))
        {
            json.Raw("\"status\":\""u8);
            json.Raw(agent.Liveness.Word());
            json.Raw("\","u8);
        }

        if (Has(fields, RowFields.Paused))
        {
            json.Raw(agent.Paused ? "\"paused\":true,"u8 : "\"paused\":false,"u8);
        }

        WriteVitals(json, vitals, fields);
        WriteProfile(json, agent, fields);
        if (Has(fields, RowFields.Connected))
        {
            json.Raw(vitals.Connected ? "\"connected\":true,"u8 : "\"connected\":false,"u8);
        }

        if (Has(fields, RowFields.CreatedAt))
        {
            json.Raw("\"created_at\":"u8);
            json.Time(agent.CreatedAt);
            json.Raw(","u8);
        }

        WriteTimes(json, agent, vitals, now, fields);
        if (Has(fields, RowFields.Epoch))
        {
            json.Raw("\"epoch\":"u8);
            json.Number(State.Epoch);
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.GoneAt))
        {
            json.Raw("\"gone_at\":"u8);
            json.Time(agent.IsGone ? agent.GoneAt : 0);
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Skills))
        {
            json.Raw("\"skills\":"u8);
            json.Raw(agent.Holds.Any ? agent.Skills.RowsOf(agent.Holds) : agent.Skills.RowJson());
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Pending))
        {
            json.Raw("\"pending\":"u8);
            json.Number(State.SlotOf(agent)?.Inbox.Pending.Length ?? 0);
            json.Raw(","u8);
        }

        if (json.Length > start)
        {
            json.Unwrite(); // the last comma
        }
    }

    private static bool Has(RowFields fields, RowFields field) => (fields & field) != RowFields.None;

    private static void WriteSessionId(Utf8Buffer json, Agent agent)
    {
        if (agent.Session == 0)
        {
            json.Raw("\"session_id\":null,"u8);
            return;
        }

        json.Raw("\"session_id\":\"s-"u8);
        json.Number(agent.Session);
        json.Raw("\","u8);
    }

    private static void WriteVitals(Utf8Buffer json, in Vitals vitals, RowFields fields)
    {
        if (Has(fields, RowFields.Activity))
        {
            json.Raw("\"activity\":"u8);
            json.String(vitals.Activity.Word());
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Load))
        {
            json.Raw("\"load\":"u8);
            if (float.IsNaN(vitals.Load))
            {
                json.Raw("null"u8);
            }
            else
            {
                json.Number(vitals.Load);
            }

            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Progress))
        {
            json.Raw("\"progress\":"u8);
            if (double.IsNaN(vitals.Progress))
            {
                json.Raw("null"u8);
            }
            else
            {
                json.Number(vitals.Progress);
            }

            json.Raw(","u8);
        }

        if (Has(fields, RowFields.ProgressInterval))
        {
            json.Raw("\"progress_interval\":"u8);
            if (vitals.ProgressInterval == 0)
            {
                json.Raw("null"u8);
            }
            else
            {
                json.Number(vitals.ProgressInterval);
            }

            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Note))
        {
            json.Raw("\"note\":"u8);
            json.String(vitals.Note);
            json.Raw(","u8);
        }
    }

    private void WriteProfile(Utf8Buffer json, Agent agent, RowFields fields)
    {
        if (Has(fields, RowFields.Specializations))
        {
            json.Raw("\"specializations\":"u8);
            json.Raw(agent.Specializations.Json);
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Labels))
        {
            json.Raw("\"labels\":"u8);
            json.Raw(agent.Labels.Json);
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Cluster))
        {
            json.Raw("\"cluster\":"u8);
            json.String(agent.Cluster);
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.ParentId))
        {
            json.Raw("\"parent_id\":"u8);
            json.String(engine.ParentIdOf(agent));
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.User))
        {
            json.Raw("\"user\":"u8);
            json.String(agent.User);
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.Direction))
        {
            json.Raw("\"direction\":"u8);
            json.String(agent.Direction);
            json.Raw(","u8);
        }
    }

    private void WriteTimes(Utf8Buffer json, Agent agent, in Vitals vitals, Moment now, RowFields fields)
    {
        if (Has(fields, RowFields.LastHeartbeatAt))
        {
            json.Raw("\"last_heartbeat_at\":"u8);
            json.Time(vitals.TouchedAt == AgentSlot.Never ? 0 : now.WallAt(vitals.TouchedAt));
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.LastProgressAt))
        {
            json.Raw("\"last_progress_at\":"u8);
            json.Time(vitals.ProgressAt == AgentSlot.Never ? 0 : now.WallAt(vitals.ProgressAt));
            json.Raw(","u8);
        }

        if (Has(fields, RowFields.ExpiresAt))
        {
            json.Raw("\"expires_at\":"u8);
            json.Time(agent.HasSession ? now.WallAt(State.Leases.LapsesAt(agent, vitals)) : 0);
            json.Raw(","u8);
        }
    }
}
