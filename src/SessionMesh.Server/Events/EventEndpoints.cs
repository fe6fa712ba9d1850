using Microsoft.EntityFrameworkCore;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Json;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Log;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Events;

/// <summary>
/// <c>GET /events</c>: the log as a stream. A reader keeps its own place, the revision, and reads at its own pace: what memory
/// no longer keeps comes from the table, so that a slow one costs nothing and misses nothing.
/// </summary>
public sealed class EventEndpoints(MeshEngine engine, MeshStore store, ChangeFeed feed, Shutdown shutdown, ProblemWriter problems)
{
    private const int PageSize = 256;

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

        using var follower = feed.Follow(http.GetKey().Id);
        try
        {
            // Without a place to resume at, a reader hears what happens from now on.
            await StreamAsync(http, follower, Sse.LastEventId(http) ?? after ?? engine.State.Revision);
        }
        catch (OperationCanceledException)
        {
            // The reader went away; it knows its place.
        }
    }

    private async Task StreamAsync(HttpContext http, FeedFollower follower, long at)
    {
        var watch = new KeyWatch(http.GetKey(), engine);
        await Sse.BeginAsync(http);
        if (at > engine.State.Revision)
        {
            at = engine.State.Revision;
            await Sse.SendAsync(http, StreamEvent.Resync, new StreamNotice { Code = "ahead", Detail = $"This log ends at revision {at}. Read the current state, then go on from here." }, MeshJson.Default.StreamNotice);
        }

        while (true)
        {
            follower.Changed.Reset();
            for (var sent = -1L; sent != at && End(watch) is null;) // asked page by page: a revoked key reads no long past to its end
            {
                sent = at;
                at = await SendPageAsync(http, at);
            }

            if (End(watch) is { } end)
            {
                await Sse.SendAsync(http, end.Event, end.Notice, MeshJson.Default.StreamNotice);
                return;
            }

            if (!await follower.Changed.WaitAsync(Sse.Beat(watch, engine), engine.Time, http.RequestAborted))
            {
                await Sse.CommentAsync(http, engine);
            }
        }
    }

    private async Task<long> SendPageAsync(HttpContext http, long after)
    {
        using var text = new Utf8Buffer(4096);
        var key = http.GetKey();
        var at = after;
        if (feed.After(after, engine.State.Revision, PageSize) is { } recent)
        {
            using var json = new System.Text.Json.Utf8JsonWriter(System.IO.Stream.Null);
            using var payload = new Utf8Buffer(512);
            foreach (var change in recent)
            {
                payload.Clear();
                ChangeCodec.WritePayload(payload, json, change);
                if (IsFor(key, change.Kind, change.Subject))
                {
                    EventWriter.Write(text, change.Revision, change.At, change.Actor, change.Kind, change.Subject, payload.Written.Span);
                }

                at = change.Revision;
            }
        }
        else
        {
            at = await ReadTableAsync(text, key, after);
        }

        if (text.Length > 0)
        {
            await Sse.WriteAsync(http, text.Written, engine);
        }

        return at;
    }

    private async Task<long> ReadTableAsync(Utf8Buffer text, Key key, long after)
    {
        var upTo = engine.State.Revision;
        await using var db = store.OpenReader();
        var at = after;
        foreach (var row in await db.Changes.Where(c => c.Revision > after && c.Revision <= upTo).OrderBy(c => c.Revision).Take(PageSize).ToListAsync())
        {
            if (IsFor(key, row.Kind, row.Subject))
            {
                EventWriter.Write(text, row.Revision, row.At, row.Actor, row.Kind, row.Subject, System.Text.Encoding.UTF8.GetBytes(row.Payload));
            }

            at = row.Revision;
        }

        return at;
    }

    /// <summary>A key that is for some agents hears of those alone, and of nothing but agents.</summary>
    private bool IsFor(Key key, string kind, string subject) =>
        key.Reach is null
        || ((kind.StartsWith("agent.", StringComparison.Ordinal) || kind.StartsWith("directive.", StringComparison.Ordinal))
            && engine.State.Find(subject) is { } slot && engine.State.Reaches(key, slot.Agent));

    private (string Event, StreamNotice Notice)? End(KeyWatch watch)
    {
        if (shutdown.HasBegun)
        {
            return (StreamEvent.GoAway, new StreamNotice { Code = "shutdown", Detail = "The server is going away. Reconnect." });
        }

        return watch.End() is { } ended ? (StreamEvent.End, ended) : null;
    }
}
