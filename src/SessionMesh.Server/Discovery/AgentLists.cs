using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Events;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Sessions;

namespace SessionMesh.Server.Discovery;

/// <summary><c>GET /alive</c>, <c>GET /agents</c>, <c>GET /agents/{id}</c>: the agents and what is known of them.</summary>
public sealed class AgentLists(MeshEngine engine, RowWriter rows, SessionLists sessions, EventReader events, ProblemWriter problems)
{
    /// <summary>Prefix of a cursor that points into the plain sessions.</summary>
    private const char SessionCursor = 's';

    public Task Alive(HttpContext http) => ListAsync(http, AgentStatus.Alive);

    public Task All(HttpContext http) => ListAsync(http, AliveFilter.All);

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

    private async Task ListAsync(HttpContext http, string defaultFilter)
    {
        var check = new Check();
        var query = Query.Read(
            http, ref check, "filter", "limit", "cursor", "kind", "specialization", "cluster", "label", "subtree", "fields", "total");
        var filter = (query["filter"] ?? defaultFilter).ToLowerInvariant();
        var kind = query["kind"] ?? SessionKind.Agent;
        var limit = query.Limit(ref check);
        var (after, afterSession) = Cursor(query["cursor"], ref check);
        var fields = Fields(query["fields"], ref check);
        var labels = Labels(query["label"], ref check);
        var wantsTotal = query.Flag("total", ref check);
        check.OneOf("?filter", filter, AliveFilter.Allowed);
        check.OneOf("?kind", kind, SessionKind.Allowed);
        if (kind != SessionKind.Agent && !http.GetKey().Has(ScopeSet.SessionsRead))
        {
            await problems.WriteAsync(http, new MeshError(ErrorKind.Forbidden, ErrorCodes.MissingScope,
                "This key lacks the scope sessions:read, which kind=session and kind=all need. Use a key that has it."));
            return;
        }

        if (check.Error is { } error)
        {
            var badFilter = error.Members!.Any(m => m.Pointer == "?filter");
            await problems.WriteAsync(http, badFilter ? error with { Code = ErrorCodes.InvalidFilter } : error);
            return;
        }

        var page = new List<AgentSlot>(Math.Min(limit, 128));
        var now = engine.Now;
        var search = kind == SessionKind.Session
            ? null
            : new AgentSearch(engine.State, filter).Specialized(query["specialization"]).InCluster(query["cluster"])
                .InSubtree(query["subtree"]).Labelled(labels).Within(http.GetKey().Reach);
        var next = search is null || afterSession >= 0 ? -1 : search.Fill(page, after, limit, now);
        // plain sessions have none of these
        var hasSessions = kind != SessionKind.Agent && labels.Count == 0
            && query["specialization"] is null && query["cluster"] is null && query["subtree"] is null;

        using var json = new Utf8Buffer(256 + (page.Count * 640));
        json.Raw("{\"sessions\":["u8);
        foreach (var slot in page)
        {
            rows.Write(json, slot, now, fields);
            json.Raw(","u8);
        }

        var count = page.Count;
        var nextCursor = next < 0 ? null : next.ToString(CultureInfo.InvariantCulture);
        if (next < 0 && hasSessions)
        {
            nextCursor = WriteSessions(json, http.GetKey(), filter, Math.Max(0, afterSession), limit, fields, ref count);
        }

        if (count > 0)
        {
            json.Unwrite();
        }

        var total = wantsTotal ? (search?.Count(now) ?? 0) + (hasSessions ? CountSessions(http.GetKey(), filter) : 0) : (int?)null;
        WriteEnd(json, count, nextCursor, total);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    /// <summary>
    /// Writes plain sessions. They are either active or expired, so the other filters match none; they have no specialization and no
    /// cluster.
    /// </summary>
    private string? WriteSessions(Utf8Buffer json, Key key, string filter, long after, int limit, RowFields fields, ref int count)
    {
        var active = filter is AliveFilter.All or AliveFilter.Active or AgentStatus.Alive;
        var last = active ? sessions.WriteRows(json, key, active, filter == AliveFilter.All, after, limit, fields, ref count) : null;
        return last is null ? null : string.Create(CultureInfo.InvariantCulture, $"{SessionCursor}{last}");
    }

    private int CountSessions(Key key, string filter) =>
        filter is AliveFilter.All or AliveFilter.Active or AgentStatus.Alive ? sessions.Count(key, filter == AliveFilter.All) : 0;

    private static (int After, long AfterSession) Cursor(string? text, ref Check check)
    {
        if (text is null)
        {
            return (-1, -1);
        }

        if (text.StartsWith(SessionCursor)
            && long.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var session))
        {
            return (-1, session);
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after) && after < int.MaxValue)
        {
            return (after, -1);
        }

        check.Fail("?cursor", "is not a cursor of this server; leave it out to begin again");
        return (-1, -1);
    }

    private void WriteEnd(Utf8Buffer json, int count, string? nextCursor, int? total)
    {
        json.Raw("],\"count\":"u8);
        json.Number(count);
        if (total is { } all)
        {
            json.Raw(",\"total\":"u8);
            json.Number(all);
        }

        json.Raw(",\"next_cursor\":"u8);
        json.String(nextCursor);
        json.Raw(",\"as_of\":\""u8);
        json.Number(engine.State.Revision);
        json.Raw("\"}"u8);
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
            json.Raw(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(KillReports.ToWire(exit), MeshJson.Default.AgentExit));
        }
        else
        {
            json.Raw("null"u8);
        }

        json.Raw("}"u8);
    }

    /// <summary><c>env=prod,tier=free</c>: all of them must be there.</summary>
    private static List<KeyValuePair<string, string>> Labels(string? text, ref Check check)
    {
        var labels = new List<KeyValuePair<string, string>>();
        foreach (var part in text?.Split(',') ?? [])
        {
            if (part.Split('=', 2) is [{ Length: > 0 } name, var value] && !name.EndsWith('!'))
            {
                labels.Add(new(name, value));
            }
            else
            {
                check.Fail("?label", $"takes name=value, several with commas, not '{part}'");
            }
        }

        return labels;
    }

    private static RowFields Fields(string? text, ref Check check)
    {
        if (text is null)
        {
            return RowFields.All;
        }

        var fields = RowFieldNames.Parse(text, out var unknown);
        if (unknown is not null || fields == RowFields.None)
        {
            check.Fail("?fields", unknown is null ? "names no member" : $"'{unknown}' is not a member of a row", RowFieldNames.All);
        }

        return fields;
    }
}
