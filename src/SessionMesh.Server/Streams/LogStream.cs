using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Contracts.Events;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Streams;

/// <summary>
/// Follows the log as a stream of server-sent events. A reader keeps its own place, the revision, and reads at its own pace. What is no
/// longer in memory comes from the table, so a slow reader costs nothing and misses nothing.
/// </summary>
public sealed class LogStream(MeshEngine engine, MeshStore store, ChangeFeed feed, Shutdown shutdown, MeshMetrics metrics)
{
    private const int PageSize = 256;

    /// <summary>
    /// Entries in a page from the table. Fewer than from memory: each may have a long message, and must be read before its size is known.
    /// </summary>
    private const int TablePageSize = 64;

    /// <summary>Bytes after which a page ends: limits the memory that a slow reader holds.</summary>
    private const int PageBytes = 256 * 1024;

    /// <summary>Streams until the key ends, the server shuts down or the reader goes away.</summary>
    /// <param name="at">The revision to start after.</param>
    /// <param name="isCut">Whether the reader wants what was before, too, and it is kept no longer.</param>
    public async Task FollowAsync(HttpContext http, long at, LogView view, bool isCut = false)
    {
        using var follower = feed.Follow(http.GetKey().Id);
        using var more = view.Listen(follower.Changed);
        using var open = metrics.StreamOpened(view.Kind);
        try
        {
            await StreamAsync(http, follower, at, view, isCut);
        }
        catch (OperationCanceledException)
        {
            // The reader went away; it knows its place.
        }
    }

    private async Task StreamAsync(HttpContext http, FeedFollower follower, long at, LogView view, bool isCut)
    {
        var watch = new KeyWatch(http.GetKey(), engine);
        if (at > engine.State.Revision && await engine.CatchUpAsync() is not null)
        {
            await SendAwayAsync(http, view); // another node may be further, and this one cannot find out
            return;
        }

        var isAhead = at > engine.State.Revision;
        at = isAhead ? engine.State.Revision : at;
        http.Response.Headers[StreamHeader.Revision] = at.ToString(CultureInfo.InvariantCulture);
        await Sse.BeginAsync(http);
        await WriteFirstAsync(http, view);
        if (isAhead)
        {
            await ResyncAsync(http, view, StreamNotice.Ahead, $"This log ends at revision {at}.");
        }
        else if (isCut)
        {
            await ResyncAsync(http, view, "compacted", Begins(at + 1));
        }

        while (true)
        {
            follower.Changed.Reset();
            // Checked per page: a revoked key must not read on through a long log.
            for (var more = true; more && !view.IsOver && End(watch) is null;)
            {
                var sent = at;
                (at, more) = await SendPageAsync(http, at, view);
                more |= at != sent;
            }

            if (view.IsOver)
            {
                return;
            }

            if (End(watch) is { } end)
            {
                await NoticeAsync(http, view, end.Event, end.Notice);
                return;
            }

            if (!await follower.Changed.WaitAsync(Sse.Beat(watch, engine), engine.Time, http.RequestAborted))
            {
                await Sse.CommentAsync(http, engine);
            }
        }
    }

    private async Task<(long At, bool More)> SendPageAsync(HttpContext http, long after, LogView view)
    {
        using var text = new Utf8Buffer(4096);
        var at = after;
        long? oldest = null;
        if (feed.After(after, engine.State.Revision, PageSize) is { } recent)
        {
            for (var i = 0; i < recent.Count && text.Length < PageBytes; i++)
            {
                view.Write(text, recent[i]);
                at = recent[i].Revision;
            }
        }
        else
        {
            (at, oldest) = await ReadTableAsync(text, after, view);
        }

        if (oldest is { } begins)
        {
            await ResyncAsync(http, view, "compacted", Begins(begins));
        }

        var more = view.WriteMore(text);
        if (text.Length > 0)
        {
            await Sse.WriteAsync(http, text.Written, engine);
        }

        return (at, more);
    }

    /// <summary>
    /// Returns the last revision of the page, and the first if entries before it are missing. Only trimming leaves such a gap, at the start
    /// of the log.
    /// </summary>
    private async Task<(long At, long? Oldest)> ReadTableAsync(Utf8Buffer text, long after, LogView view)
    {
        var upTo = engine.State.Revision;
        await using var db = store.OpenReader();
        var rows = await db.Changes.Where(c => c.Revision > after && c.Revision <= upTo)
            .OrderBy(c => c.Revision).Take(TablePageSize).ToListAsync();
        new KeptMessages(db).PutInto(rows);
        var at = after;
        for (var i = 0; i < rows.Count && text.Length < PageBytes; i++)
        {
            view.Write(text, rows[i]);
            at = rows[i].Revision;
        }

        return (at, rows.Count > 0 && rows[0].Revision > after + 1 ? rows[0].Revision : null);
    }

    private static string Begins(long revision) => $"This log begins at revision {revision}; what was before is kept no longer.";

    /// <summary>Ends the stream before it has begun; the reader keeps its place.</summary>
    private static async Task SendAwayAsync(HttpContext http, LogView view)
    {
        await Sse.BeginAsync(http);
        var (name, notice) = Sse.GoAway();
        await NoticeAsync(http, view, name, notice);
    }

    /// <summary>Tells the reader that its place is not in this log.</summary>
    private static Task ResyncAsync(HttpContext http, LogView view, string code, string why) => NoticeAsync(
        http, view, StreamEvent.Resync,
        new StreamNotice { Code = code, Detail = $"{why} Read the current state, then go on from here." });

    private static async Task NoticeAsync(HttpContext http, LogView view, string name, StreamNotice notice)
    {
        using var text = new Utf8Buffer(256);
        view.WriteNotice(text, name, notice);
        await http.Response.BodyWriter.WriteAsync(text.Written, http.RequestAborted);
    }

    private async Task WriteFirstAsync(HttpContext http, LogView view)
    {
        using var text = new Utf8Buffer(1024);
        view.WriteFirst(text);
        if (text.Length > 0)
        {
            await Sse.WriteAsync(http, text.Written, engine);
        }
    }

    private (string Event, StreamNotice Notice)? End(KeyWatch watch)
    {
        if (shutdown.HasBegun)
        {
            return Sse.GoAway();
        }

        return watch.End() is { } ended ? (StreamEvent.End, ended) : null;
    }
}
