using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.Streams;

/// <summary>The wire form of server-sent events: what every stream here shares.</summary>
internal static class Sse
{
    public const string ContentType = "text/event-stream";

    /// <summary>Seconds between comments on a quiet stream: proxies commonly cut one after 30 to 60.</summary>
    private const int BeatSeconds = 15;

    private static readonly byte[] s_comment = ": still here\n\n"u8.ToArray();

    /// <summary>A reader that takes nothing for so long is cut off. It loses nothing: it resumes where it left off.</summary>
    private static readonly TimeSpan s_slowest = TimeSpan.FromSeconds(30);

    public static bool IsAskedFor(HttpContext http) =>
        http.Request.Headers.Accept.ToString().Contains(ContentType, StringComparison.OrdinalIgnoreCase);

    /// <summary>Where the reader says it left off; null when it does not.</summary>
    public static long? LastEventId(HttpContext http) =>
        long.TryParse(http.Request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Sends the head, and how long to wait before reconnecting: 1 to 3 s, so that a fleet does not come back at once.</summary>
    /// <exception cref="InvalidOperationException">The route is not marked as one that holds answers, so that its key's streams would not
    /// be counted.</exception>
    public static async Task BeginAsync(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<HoldsAnswers>() is null)
        {
            throw new InvalidOperationException("A stream takes a place of its key's: mark its route with Holds().");
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
    /// How long a quiet stream may wait before it says something: until the next comment, or its key's end if that is sooner.
    /// </summary>
    public static TimeSpan Beat(KeyWatch key, MeshEngine engine)
    {
        var beat = TimeSpan.FromSeconds(BeatSeconds);
        return key.ExpiresAt == 0
            ? beat
            : TimeSpan.FromMilliseconds(Math.Clamp(key.ExpiresAt - engine.Now.Wall, 1, beat.TotalMilliseconds));
    }

    public static Task CommentAsync(HttpContext http, MeshEngine engine) => WriteAsync(http, s_comment, engine);

    /// <summary>Writes, and waits until the reader has room for more.</summary>
    /// <exception cref="OperationCanceledException">The reader is gone, or was cut off for being too slow.</exception>
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
