using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Sessions;

/// <summary>Reads sessions: one, a page, and statistics.</summary>
public sealed class SessionLists(MeshEngine engine, SessionWriter sessions, AgentSessionIndex agents, ProblemWriter problems)
{
    /// <summary>Bytes after which a page ends early: imported sessions may be over every limit, and a page has a thousand.</summary>
    private const int PageBytes = 8 * 1024 * 1024;

    /// <summary>Prefix of a cursor that points into the agents' sessions.</summary>
    private const char AgentCursor = 'a';

    public async Task Get(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var key = http.GetKey();
        var mayReadOthers = key.Has(ScopeSet.SessionsRead);
        if (mayReadOthers && key.Reach is null && engine.State.Sessions.Find(id) is { } session)
        {
            Answers.SetETag(http, session.Version);
            await AnswerAsync(http, json => SessionWriter.Write(json, session, engine.Now.Micros()));
            return;
        }

        if (await agents.FindAsync(id, key) is { } slot && (mayReadOthers || slot.Agent.Id == key.AgentId))
        {
            Answers.SetETag(http, slot.Agent.SessionVersion);
            await AnswerAsync(http, json => sessions.Write(json, slot.Agent));
            return;
        }

        await problems.WriteAsync(http, mayReadOthers ? SessionRules.NotFound(id) : AgentAccess.NotYours(key));
    }

    public async Task List(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, [.. SessionFilter.Parameters, "kind", "limit", "cursor"]);
        var filter = SessionFilter.Bind(query, ref check);
        var kind = query["kind"] ?? SessionKind.Session;
        check.OneOf("?kind", kind, SessionKind.Allowed);
        var limit = query.Limit(ref check);
        var (after, inAgents) = Cursor(query["cursor"], ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        using var json = new Utf8Buffer(4096);
        json.Raw("{\"sessions\":["u8);
        var count = 0;
        string? next = null;
        if (!inAgents && kind != SessionKind.Agent && http.GetKey().Reach is null)
        {
            next = WritePlain(json, filter, after, limit, ref count);
        }

        if (next is null && kind != SessionKind.Session)
        {
            next = WriteAgents(json, http.GetKey(), filter, inAgents ? (int)after : -1, limit, ref count);
        }

        if (count > 0)
        {
            json.Unwrite();
        }

        json.Raw("],\"count\":"u8);
        json.Number(count);
        json.Raw(",\"next_cursor\":"u8);
        json.String(next);
        json.Raw("}"u8);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    public Task Stats(HttpContext http)
    {
        var now = engine.Now.Micros();
        var users = new HashSet<string>(StringComparer.Ordinal);
        var (total, expired, timed, seconds) = (0, 0, 0, 0.0);
        foreach (var session in http.GetKey().Reach is null ? engine.State.Sessions.After(0) : [])
        {
            total++;
            users.Add(session.User);
            expired += session.IsOverAt(now) ? 1 : 0;
            timed += session.Ttl is null ? 0 : 1;
            seconds += session.Ttl ?? 0;
        }

        return Answers.WriteAsync(http, new SessionStats
        {
            TotalSessions = total,
            Active = total - expired,
            Expired = expired,
            UniqueUsers = users.Count,
            AverageTtlSeconds = timed == 0 ? 0 : Math.Round(seconds / timed, 1),
        }, MeshJson.Default.SessionStats);
    }

    /// <summary>
    /// Writes a page of plain sessions as rows of <c>/alive</c>, each followed by a comma. Returns the revision to continue after, or null
    /// if there are no more.
    /// </summary>
    internal long? WriteRows(Utf8Buffer json, Key key, bool active, bool expired, long after, int limit, RowFields fields, ref int count)
    {
        var now = engine.Now.Micros();
        var last = after;
        foreach (var session in key.Reach is null ? engine.State.Sessions.After(after) : [])
        {
            if (session.IsOverAt(now) ? !expired : !active)
            {
                continue;
            }

            if (count == limit)
            {
                return last;
            }

            SessionWriter.WriteRow(json, session, now, fields);
            json.Raw(","u8);
            last = session.Revision;
            count++;
        }

        return null;
    }

    /// <summary>How many plain sessions there are, the expired ones included or not.</summary>
    internal int Count(Key key, bool expired)
    {
        var now = engine.Now.Micros();
        return key.Reach is null ? engine.State.Sessions.After(0).Count(session => expired || !session.IsOverAt(now)) : 0;
    }

    private string? WritePlain(Utf8Buffer json, SessionFilter filter, long after, int limit, ref int count)
    {
        var now = engine.Now.Micros();
        var last = after;
        foreach (var session in engine.State.Sessions.After(after))
        {
            if (!filter.Matches(session, now))
            {
                continue;
            }

            if (count == limit || (count > 0 && json.Length > PageBytes))
            {
                return last.ToString(CultureInfo.InvariantCulture);
            }

            SessionWriter.Write(json, session, now);
            json.Raw(","u8);
            last = session.Revision;
            count++;
        }

        return null;
    }

    private string? WriteAgents(Utf8Buffer json, Key key, SessionFilter filter, int after, int limit, ref int count)
    {
        for (var number = after + 1; number < engine.State.Slots.Count; number++)
        {
            if (engine.State.AgentAt(number) is not { } agent || agent.Session == 0 || !engine.State.Reaches(key, agent)
                || !filter.Matches(StatusOf(agent), agent.User ?? SessionRules.DefaultUser, agent.Meta))
            {
                continue;
            }

            if (count == limit)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{AgentCursor}{number - 1}");
            }

            sessions.Write(json, agent);
            json.Raw(","u8);
            count++;
        }

        return null;
    }

    private static string StatusOf(Agent agent) => agent.Liveness == Liveness.Lost ? SessionStatus.Expired : SessionStatus.Active;

    private static (long After, bool InAgents) Cursor(string? text, ref Check check)
    {
        if (text is null)
        {
            return (0, false);
        }

        var inAgents = text.StartsWith(AgentCursor);
        var digits = inAgents ? text.AsSpan(1) : text;
        if (digits is "-1" && inAgents)
        {
            return (-1, true);
        }

        if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var after) && (!inAgents || after < int.MaxValue))
        {
            return (after, inAgents);
        }

        check.Fail("?cursor", "is not a cursor of this server; leave it out to begin again");
        return (0, false);
    }

    private static async Task AnswerAsync(HttpContext http, Action<Utf8Buffer> write)
    {
        using var json = new Utf8Buffer(1024);
        write(json);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }
}
