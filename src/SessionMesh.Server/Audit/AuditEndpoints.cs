using SessionMesh.Contracts;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Audit;

/// <summary><c>GET /audit</c>: who did what and from where, and who was refused; as a page or a stream.</summary>
public sealed class AuditEndpoints(
    MeshEngine engine, AuditReader reader, LogTimes times, RefusalLog refusals, LogStream stream, ProblemWriter problems)
{
    public async Task Read(HttpContext http)
    {
        var streams = Sse.IsAskedFor(http);
        var check = new Check();
        var query = Query.Read(http, ref check, AuditFilter.Parameters(streams));
        var filter = AuditFilter.Bind(query, ref check);
        var limit = query.Limit(ref check);
        var cursor = Cursor(query, ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
        }
        else if (streams)
        {
            await FollowAsync(http, filter);
        }
        else
        {
            await Answers.WriteAsync(http, await reader.ReadAsync(filter, limit, cursor), MeshJson.Default.AuditPage);
        }
    }

    /// <summary>
    /// Starts after <c>Last-Event-ID</c> in the log, else at <c>since</c>, else now. Refusals cannot be resumed: a reader that comes back
    /// gets only new ones.
    /// </summary>
    private async Task FollowAsync(HttpContext http, AuditFilter filter)
    {
        var resumed = Sse.LastEventId(http);
        var begin = resumed is null && filter.Since is { } since
            ? new AuditCursor(await times.LastBeforeAsync(since), 0)
            : new AuditCursor(resumed ?? engine.State.Revision, refusals.Newest);
        var at = filter.Done ? begin.Revision : engine.State.Revision;
        await stream.FollowAsync(http, at, new AuditView(filter, refusals, begin.Refusal));
    }

    private static AuditCursor? Cursor(Query query, ref Check check)
    {
        if (query["cursor"] is not { } text)
        {
            return null;
        }

        if (AuditCursor.TryParse(text, out var cursor))
        {
            return cursor;
        }

        check.Fail("?cursor", "is not a cursor of this server; leave it out to begin again");
        return null;
    }
}
