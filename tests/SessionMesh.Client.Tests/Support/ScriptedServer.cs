using System.Net;
using System.Text;

namespace SessionMesh.Client.Tests;

/// <summary>What one attempt sent, read before it is disposed of.</summary>
internal sealed record SentRequest(string Method, string Url, string? Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>Answers each request with the next entry of a script, and keeps what was asked. The last entry repeats.</summary>
internal sealed class ScriptedServer(params Func<CancellationToken, Task<HttpResponseMessage>>[] script) : HttpMessageHandler
{
    public List<SentRequest> Requests { get; } = [];

    /// <summary>Shown each body before it is answered.</summary>
    public Action<byte[]>? Seen { get; set; }

    public static Func<CancellationToken, Task<HttpResponseMessage>> Json(int status, string body, string? retryAfter = null) => _ =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (retryAfter is not null)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", retryAfter);
        }

        return Task.FromResult(response);
    };

    /// <summary>What the server's clock shows; null for an answer that does not say.</summary>
    public static Func<CancellationToken, Task<HttpResponseMessage>> Clock(string? at) => _ =>
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        response.Headers.Date = at is null ? null : DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture);
        return Task.FromResult(response);
    };

    public static Func<CancellationToken, Task<HttpResponseMessage>> Problem(int status, string code, string detail = "because") =>
        Json(
            status,
            $$"""
            {"type":"urn:session-mesh:error:{{code}}","title":"t","status":{{status}},"detail":"{{detail}}","code":"{{code}}",
             "request_id":"r1"}
            """);

    /// <summary>A stream that says this and is then closed.</summary>
    public static Func<CancellationToken, Task<HttpResponseMessage>> Stream(string text) => _ =>
        Task.FromResult(
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "text/event-stream") });

    /// <summary>A stream that says this and then stays open, until <paramref name="end"/> if there is one.</summary>
    public static Func<CancellationToken, Task<HttpResponseMessage>> OpenStream(string text, Task? end = null) => _ =>
    {
        var content = new StreamContent(new OpenEnded(Encoding.UTF8.GetBytes(text), end ?? new TaskCompletionSource().Task));
        content.Headers.ContentType = new("text/event-stream");
        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
    };

    public static Func<CancellationToken, Task<HttpResponseMessage>> Broken() =>
        _ => throw new HttpRequestException(HttpRequestError.ConnectionError, "connection refused");

    public static Func<CancellationToken, Task<HttpResponseMessage>> Silent() => async cancellation =>
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        throw new InvalidOperationException("a silent server does not answer");
    };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is { Headers.ContentLength: > 0 } content ? await content.ReadAsStringAsync(cancellationToken) : null;
        if (Seen is not null && request.Content is not null)
        {
            Seen(await request.Content.ReadAsByteArrayAsync(cancellationToken));
        }

        var sent = new SentRequest(
            request.Method.Method,
            request.RequestUri!.AbsoluteUri,
            body,
            request.Headers.ToDictionary(h => h.Key, h => string.Join(' ', h.Value), StringComparer.OrdinalIgnoreCase));
        int number;
        lock (Requests)
        {
            Requests.Add(sent);
            number = Requests.Count;
        }

        return await script[Math.Min(number, script.Length) - 1](cancellationToken);
    }

    private sealed class OpenEnded(byte[] said, Task end) : MemoryStream(said)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (await base.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                return read;
            }

            await end.WaitAsync(cancellationToken);
            return 0;
        }
    }
}
