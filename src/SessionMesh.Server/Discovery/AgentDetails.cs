using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Events;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Discovery;

/// <summary><c>GET /agents/{id}</c>: all that is known of one agent, and what happened to it of late where that is asked for.</summary>
public sealed class AgentDetails(MeshEngine engine, RowWriter rows, EventReader events, ProblemWriter problems)
{
    public async Task Get(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var key = http.GetKey();
        var check = new Check();
        var most = Query.Read(http, ref check, "events").Number("events", ref check, 0, EventReader.Most);
        var found = key.FindAgent(engine.State, ScopeSet.MeshRead, id);
        if (check.Error is not null || !found.Succeeded)
        {
            await problems.WriteAsync(http, check.Error ?? found.Error!);
            return;
        }

        using var json = new Utf8Buffer(2048);
        WriteDetail(json, found.Value, key);
        if (most is { } wanted)
        {
            json.Unwrite();
            json.Raw(",\"events\":"u8);
            await events.WriteAsync(json, found.Value.Agent, key, (int)wanted);
            json.Raw("}"u8);
        }

        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    private void WriteDetail(Utf8Buffer json, AgentSlot slot, Key key)
    {
        var agent = slot.Agent;
        json.Raw("{"u8);
        rows.WriteMembers(json, agent, slot.ReadVitals(), engine.Now, RowFields.All);
        json.Raw(",\"descendants\":"u8);
        var reach = new ReachMemo(key, engine.State.AgentAt);
        json.Number(engine.State.Descendants(agent.Number).Count(below => reach.Reaches(below.Agent)));
        json.Raw(",\"pending\":"u8);
        json.Number(slot.Inbox.Pending.Length);
        json.Raw(",\"last_exit\":"u8);
        if (agent.LastExit is { } exit)
        {
            json.Raw(JsonSerializer.SerializeToUtf8Bytes(KillReports.ToWire(exit), MeshJson.Default.AgentExit));
        }
        else
        {
            json.Raw("null"u8);
        }

        json.Raw("}"u8);
    }
}
