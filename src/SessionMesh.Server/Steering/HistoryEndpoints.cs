using System.Globalization;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Steering;

/// <summary><c>GET /agents/{id}/directives/history</c>: everything an agent was ever told, newest first, and what became of it.</summary>
public sealed class HistoryEndpoints(MeshEngine engine, DirectiveReader history, DirectiveWriter directives, ProblemWriter problems)
{
    public async Task Get(HttpContext http)
    {
        var check = new Check();
        var id = check.Id("/id", (string)http.Request.RouteValues["id"]!);
        var query = Query.Read(http, ref check, "limit", "cursor");
        var limit = query.Limit(ref check);
        var from = query.Number("cursor", ref check, 1, long.MaxValue);
        var found = check.Error is { } error ? error : http.GetKey().FindAgent(engine.State, ScopeSet.MeshRead, id);
        if (!found.Succeeded)
        {
            await problems.WriteAsync(http, found.Error);
            return;
        }

        var slot = found.Value;

        using var json = new Utf8Buffer(4096);
        await WriteAsync(json, slot, from ?? slot.Inbox.LastRevision, limit);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    private async Task WriteAsync(Utf8Buffer json, AgentSlot slot, long from, int limit)
    {
        json.Raw("{\"directives\":["u8);
        var page = await history.NewestFirstAsync(slot.Agent, from, limit + 1);
        var next = page.Count > limit ? page[limit].Revision : 0;
        foreach (var directive in page.Take(limit))
        {
            directives.Write(json, directive);
            json.Raw(","u8);
        }

        if (page.Count > 0)
        {
            json.Unwrite();
        }

        json.Raw("],\"next_cursor\":"u8);
        json.String(next == 0 ? null : next.ToString(CultureInfo.InvariantCulture));
        json.Raw("}"u8);
    }
}
