using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Events;

/// <summary><c>GET /events</c>: the log as a stream.</summary>
public sealed class EventEndpoints(MeshEngine engine, LogStream stream, LogTimes times, ProblemWriter problems)
{
    public async Task Follow(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "after", "since", EventFilter.Kind, EventFilter.Subject);
        var after = query.Number("after", ref check, 0, long.MaxValue);
        var since = query.Time("since", ref check);
        var filter = EventFilter.Bind(query, ref check);
        if (after is not null && since is not null)
        {
            check.Fail("?since", "cannot be combined with after");
        }

        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        // Without a place to resume at, a reader starts now.
        var view = new EventView(http.GetKey(), engine.State, filter);
        if (Sse.LastEventId(http) is null && since is { } wall)
        {
            var before = await times.LastBeforeAsync(wall);
            await stream.FollowAsync(http, before, view, isCut: times.IsCutAfter(before));
            return;
        }

        await stream.FollowAsync(http, Sse.LastEventId(http) ?? after ?? engine.State.Revision, view);
    }
}
