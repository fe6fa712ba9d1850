using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Contracts.Events;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Streams;

/// <summary>Server-sent events: the wire form, shared by all streams.</summary>
internal static class Sse
{
    public const string ContentType = "text/event-stream";

    /// <summary>Seconds between comments on a quiet stream: proxies commonly close one after 30 to 60 seconds.</summary>
    private const int BeatSeconds = 15;

    private static readonly byte[] s_comment = ": still here\n\n"u8.ToArray();

    /// <summary>How long a reader may take nothing before it is cut off. It loses nothing: it resumes where it left off.</summary>
    private static readonly TimeSpan s_slowest = TimeSpan.FromSeconds(30);

    public static bool IsAskedFor(HttpContext http) =>
        http.Request.Headers.Accept.ToString().Contains(ContentType, StringComparison.OrdinalIgnoreCase);

    /// <summary>The <c>Last-Event-ID</c> of the reader; null if there is none.</summary>
    public static long? LastEventId(HttpContext http) =>
        long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>The end of a stream that this server cannot go on with, and another one, or this one later, can.</summary>
    public static (string Event, StreamNotice Notice) GoAway() =>
        (StreamEvent.GoAway, new StreamNotice { Code = "shutdown", Detail = "The server is going away. Reconnect." });

    /// <summary>Sends the header, and the reconnect time: a random 1 to 3 s, so that a fleet does not come back all at once.</summary>
    /// <exception cref="InvalidOperationException">The route lacks Holds(), so its streams would not count against their key.</exception>
    public static async Task BeginAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<HoldsAnswers>() is null)
        {
            throw new InvalidOperationException("A stream counts against its key's limit: mark its route with Holds().");
        }

        http.Response.ContentType = ContentType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var text = new Utf8Buffer(64);
        text.Raw("retry: "u8);
        text.Number(1000 + Random.Shared.Next(2000));
        text.Raw("\n\n"u8);
        await http.Response.BodyWriter.WriteAsync(text.Written, http.RequestAborted);
    }

    /// <summary>
    /// How long a quiet stream may wait before it must write: until the next comment, or until its key expires if that is sooner.
    /// </summary>
    public static TimeSpan Beat(KeyWatch key, MeshEngine engine)
    {
        var beat = TimeSpan.FromSeconds(BeatSeconds);
        return key.ExpiresAt == 0
            ? beat
            : TimeSpan.FromMilliseconds(Math.Clamp(key.ExpiresAt - engine.Now.Wall, 1, beat.TotalMilliseconds));
    }

    public static Task CommentAsync(HttpContext http, MeshEngine engine) => WriteAsync(http, s_comment, engine);

    /// <summary>Writes, and waits until there is room for more.</summary>
    /// <exception cref="OperationCanceledException">The reader is gone, or was too slow and is cut off.</exception>
    public static async Task WriteAsync(HttpContext http, ReadOnlyMemory<byte> text, MeshEngine engine)
    {
        var written = http.Response.BodyWriter.WriteAsync(text, http.RequestAborted);
        if (written.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await written.AsTask().WaitAsync(s_slowest, engine.Time);
        }
        catch (TimeoutException e)
        {
            http.Abort();
            throw new OperationCanceledException("the reader took nothing for too long", e);
        }
    }

    /// <summary>Begins the frame of an event. Its data follows, on one line, and then <see cref="CloseFrame"/>.</summary>
    /// <param name="id">Where a reader resumes that has seen this event; null leaves its place as it is.</param>
    public static void OpenFrame(Utf8Buffer text, long? id, string name)
    {
        if (id is { } place)
        {
            text.Raw("id: "u8);
            text.Number(place);
            text.Raw("\n"u8);
        }

        text.Raw("event: "u8);
        text.Raw(name);
        text.Raw("\ndata: "u8);
    }

    public static void CloseFrame(Utf8Buffer text) => text.Raw("\n\n"u8);

    public static async Task SendAsync<T>(HttpContext http, string name, T data, JsonTypeInfo<T> type)
    {
        using var text = new Utf8Buffer(256);
        OpenFrame(text, id: null, name);
        text.Raw(JsonSerializer.SerializeToUtf8Bytes(data, type));
        CloseFrame(text);
        await http.Response.BodyWriter.WriteAsync(text.Written, http.RequestAborted);
    }
}
