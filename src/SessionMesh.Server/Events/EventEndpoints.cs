using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Events;

/// <summary><c>GET /events</c>: the log as a stream.</summary>
public sealed class EventEndpoints(MeshEngine engine, LogStream stream, ProblemWriter problems)
{
    public async Task Follow(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "after");
        var after = query.Number("after", ref check, 0, long.MaxValue);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        // Without a place to resume at, a reader starts now.
        await stream.FollowAsync(http, Sse.LastEventId(http) ?? after ?? engine.State.Revision, new EventView(http.GetKey(), engine.State));
    }
}
