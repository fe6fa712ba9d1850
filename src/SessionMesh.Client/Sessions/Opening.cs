using System.Net.Http.Headers;
using System.Security.Cryptography;
using SessionMesh.Client.Http;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Client.Sessions;

/// <summary>
/// A call that <see cref="MeshCall"/> cannot carry: one with a precondition, with a body that is not JSON, or whose answer is a stream.
/// It is retried like any other until the answer's headers are there.
/// </summary>
internal sealed class Opening(MeshClient client, HttpMethod method, string path)
{
    private readonly MeshClientOptions _options = client.Options;

    public Opening(MeshClient client, MeshCall call) : this(client, call.Method, call.Path)
    {
        (Body, IdempotencyKey) = (call.Body, call.NeedsIdempotencyKey ? MeshCall.NewIdempotencyKey() : null);
    }

    public Uri Url { get; } = client.Transport.Resolve(path);

    public ReadOnlyMemory<byte> Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    /// <summary>An entity tag, in quotes.</summary>
    public string? IfMatch { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>Time for the answer on top of the bound of an attempt.</summary>
    public TimeSpan Hold { get; init; }

    /// <summary>The whole answer. Its body counts as part of the attempt.</summary>
    public async Task<byte[]> ReadAsync(CancellationToken cancellation)
    {
        byte[] body = [];
        using var response = await TryAsync(async (answer, bound) => body = await answer.Content.ReadAsByteArrayAsync(bound), cancellation);
        return body;
    }

    /// <summary>A successful answer whose body is still to be read.</summary>
    public Task<HttpResponseMessage> OpenAsync(CancellationToken cancellation) => TryAsync((_, _) => Task.CompletedTask, cancellation);

    private async Task<HttpResponseMessage> TryAsync(Func<HttpResponseMessage, CancellationToken, Task> take, CancellationToken cancellation)
    {
        var most = _options.Attempts;
        for (var attempt = 1; ; attempt++)
        {
            var token = client.Transport.Credentials.Token;
            var began = _options.TimeProvider.GetTimestamp();
            using var timer = new CancellationTokenSource(_options.AttemptTimeout + Hold, _options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
            HttpResponseMessage? response = null;
            MeshException failure;
            TimeSpan? retryAfter;
            try
            {
                using var request = CreateRequest(token);
                response = await client.Transport.OpenAsync(request, either.Token);
                if (response.IsSuccessStatusCode)
                {
                    await take(response, either.Token);
                    Report(attempt, began, (int)response.StatusCode, error: null, wait: null);
                    return response;
                }

                retryAfter = response.Headers.RetryAfter?.Delta;
                failure = await RefusalAsync(response, attempt, either.Token);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
            {
                var words = e is OperationCanceledException
                    ? $"no answer within {(_options.AttemptTimeout + Hold).TotalSeconds:0.#} s"
                    : MeshTransport.Words(e);
                retryAfter = null;
                failure = new MeshException(MeshFailure.Unreachable, Url, words, attempts: attempt, inner: e);
            }

            response?.Dispose();
            if (most == _options.Attempts && failure is { Status: 401, Code: ErrorCodes.Unauthenticated }
                && await client.Transport.Credentials.RenewAsync(token, cancellation) is not null)
            {
                // Once, and on top: nothing of such a call acts twice, whichever key it is sent with.
                most++;
                Report(attempt, began, failure.Status, error: null, TimeSpan.Zero);
                continue;
            }

            var isLast = attempt >= most || retryAfter > _options.MaxRetryAfter
                || (failure.Status is { } status && !MeshTransport.IsTransient(status));
            TimeSpan? wait = isLast ? null : retryAfter ?? Backoff(attempt);
            Report(attempt, began, failure.Status, failure.Status is null ? failure.Message : null, wait);
            if (wait is not { } pause) throw failure;
            await Task.Delay(pause, _options.TimeProvider, cancellation);
        }
    }

    private HttpRequestMessage CreateRequest(string? token)
    {
        var request = MeshTransport.CreateRequest(method, Url, token);
        if (IfMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", IfMatch);
        if (IdempotencyKey is not null) request.Headers.TryAddWithoutValidation("Idempotency-Key", IdempotencyKey);

        // Also where there is none: the handler repeats a request without content by itself.
        request.Content = new ReadOnlyMemoryContent(Body);
        if (Body.Length > 0) request.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        return request;
    }

    private async Task<MeshException> RefusalAsync(HttpResponseMessage response, int attempt, CancellationToken bound)
    {
        var problem = MeshTransport.ProblemOf((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(bound));
        if (problem.RequestId is null && RequestIdOf(response) is { } request) problem = problem with { RequestId = request };
        return new MeshException(MeshFailure.Refused, Url, problem.Detail, problem, attempt);
    }

    private static string? RequestIdOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.FirstOrDefault() : null;

    /// <summary>Doubles each time; half of it is chance, so that clients that failed together do not come back together.</summary>
    private TimeSpan Backoff(int attempt) =>
        _options.RetryDelay * Math.Pow(2, attempt - 1) * (0.5 + (RandomNumberGenerator.GetInt32(1001) / 1000.0));

    private void Report(int attempt, long began, int? status, string? error, TimeSpan? wait) => _options.Observer?.Invoke(
        new MeshAttempt(attempt, method, Url, status, error, _options.TimeProvider.GetElapsedTime(began), wait, RequestId: null));
}
