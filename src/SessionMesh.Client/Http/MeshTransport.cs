using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text.Json;
using Polly;
using Polly.Retry;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Client.Http;

/// <summary>An answer whose status is 2xx.</summary>
/// <param name="Body">All of it, unless <paramref name="Response"/> is there to read it from.</param>
/// <param name="Response">The answer whose body is still to be read, where that was asked for; whoever asked disposes of it.</param>
internal sealed record RawAnswer(Uri Url, ReadOnlyMemory<byte> Body, HttpResponseMessage? Response);

/// <summary>Sends calls: headers, the bound of an attempt, retries, and errors as <see cref="MeshException"/>. Thread-safe.</summary>
internal sealed class MeshTransport : IDisposable
{
    private static readonly string s_userAgent = "session-mesh/" + Version();
    private static readonly ResiliencePropertyKey<AttemptLog> s_log = new("attempts");

    private readonly MeshClientOptions _options;
    private readonly HttpClient _http;
    private readonly Uri _root;
    private readonly ResiliencePipeline<Attempt> _retries;

    /// <summary>
    /// Idempotency keys of callers' own that have been sent and may have acted, by the string itself: gone when the call is.
    /// </summary>
    private readonly ConditionalWeakTable<string, object> _mayBeDone = [];

    public MeshTransport(MeshClientOptions options, HttpMessageHandler? handler)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Attempts, 1);
        _options = options;
        Credentials = new Credentials(options);
        _root = new Uri(options.BaseUrl.AbsoluteUri.TrimEnd('/'));
        _http = new HttpClient(handler ?? CreateHandler(options), disposeHandler: handler is null) { Timeout = Timeout.InfiniteTimeSpan };
        _retries = BuildRetries(options);
    }

    public Credentials Credentials { get; }

    /// <summary>The version sent as <c>User-Agent</c>, without build metadata.</summary>
    public static string Version() =>
        typeof(MeshTransport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? "0";

    public Uri Resolve(string path) => new(_root.AbsoluteUri.TrimEnd('/') + path);

    /// <summary>Sends with retries. Returns only 2xx answers; everything else throws.</summary>
    public Task<RawAnswer> SendAsync(MeshCall call, CancellationToken cancellation) =>
        SendAsync(call, HttpCompletionOption.ResponseContentRead, cancellation);

    /// <summary>The same, but the answer is returned, and no longer retried, once its headers are there.</summary>
    public async Task<HttpResponseMessage> OpenAsync(MeshCall call, CancellationToken cancellation) =>
        (await SendAsync(call, HttpCompletionOption.ResponseHeadersRead, cancellation)).Response!;

    private async Task<RawAnswer> SendAsync(MeshCall call, HttpCompletionOption completion, CancellationToken cancellation)
    {
        var log = new AttemptLog(
            call,
            Resolve(call.Path),
            completion,
            call.IdempotencyKey ?? (call.NeedsIdempotencyKey ? MeshCall.NewIdempotencyKey() : null),
            mayBeDone: call.IdempotencyKey is { } own && _mayBeDone.TryGetValue(own, out _));
        var context = ResilienceContextPool.Shared.Get(cancellation);
        context.Properties.Set(s_log, log);
        try
        {
            var last = await _retries.ExecuteAsync(static async (c, self) => await self.AttemptAsync(c), context, this);
            log.Report(_options.Observer, last, wait: null);
            return last.Error is null && IsSuccess(last.Status)
                ? new RawAnswer(log.Url, LoneSurrogates.Repair(last.Body), last.Response)
                : throw Failure(log, last);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
            if (log.MayBeDone && call.IdempotencyKey is { } sent)
            {
                _mayBeDone.AddOrUpdate(sent, sent);
            }
        }
    }

    /// <summary>A request with the headers that every call carries.</summary>
    /// <param name="token">The bearer token; null for none.</param>
    public static HttpRequestMessage CreateRequest(HttpMethod method, Uri url, string? token)
    {
        var request = new HttpRequestMessage(method, url);
        request.Headers.UserAgent.ParseAdd(s_userAgent);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        return request;
    }

    /// <summary>Sends once and returns as soon as the headers are there; for streams.</summary>
    public Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);

    /// <summary>The problem document of an error answer, or one made up from the status where there is none.</summary>
    public static Problem ProblemOf(int status, ReadOnlyMemory<byte> body)
    {
        try
        {
            if (body.Length > 0 && JsonSerializer.Deserialize(LoneSurrogates.Repair(body).Span, ClientJson.Context.Problem) is { } problem)
            {
                return problem;
            }
        }
        catch (JsonException)
        {
            // A proxy's page, or an answer that was cut off: the status is all there is to tell.
        }

        return new Problem
        {
            Type = "about:blank",
            Title = ((HttpStatusCode)status).ToString(),
            Status = status,
            Detail = $"the server answered {status} without saying why",
            Code = "http_" + status,
        };
    }

    public static MeshException NotAMesh(Uri url, string why, Exception? inner = null) =>
        new(MeshFailure.NotAMesh, url, $"{url.GetLeftPart(UriPartial.Path)} does not speak the mesh's language: {why}", inner: inner);

    public static bool IsTransient(int status) => status is 408 or 429 or >= 500;

    /// <summary>The cause of a network error in a few words, without the frames around it.</summary>
    public static string Words(Exception error) => error switch
    {
        SocketException socket => socket.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "unknown host",
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "the connection was cut",
            SocketError.NetworkUnreachable or SocketError.HostUnreachable => "no network leads there",
            SocketError.TimedOut => "no answer to the connection",
            _ => socket.Message,
        },
        AuthenticationException when error.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase) =>
            "its certificate is not trusted here: its issuer is unknown, its name is another, or its time is over",
        AuthenticationException => "it does not speak TLS",
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => "the connection was cut before the answer was whole",
        HttpRequestException { InnerException: { } inner } => Words(inner),
        IOException { InnerException: SocketException inner } => Words(inner),
        _ => error.Message,
    };

    public static bool IsUnauthenticated(int status, ReadOnlyMemory<byte> body) =>
        status == 401 && ProblemOf(status, body).Code == ErrorCodes.Unauthenticated;

    public void Dispose()
    {
        Credentials.Dispose();
        _http.Dispose();
    }

    /// <summary>One attempt; and, the first time that its token is refused and another can be had, one more with that.</summary>
    private async Task<Attempt> AttemptAsync(ResilienceContext context)
    {
        var log = context.Properties.GetValue(s_log, null!);
        var token = log.Call.Bearer ?? Credentials.Token;
        var attempt = await AttemptAsync(log, token, context.CancellationToken);
        if (log.HasRenewed || log.Call.Bearer is not null || attempt.Error is not null || !IsUnauthenticated(attempt.Status, attempt.Body))
        {
            return attempt;
        }

        if (log.MayBeDone && log.IdempotencyKey is not null)
        {
            return attempt;
        }

        log.HasRenewed = true;
        if (await Credentials.RenewAsync(token, context.CancellationToken) is not { } renewed)
        {
            return attempt;
        }

        log.Report(_options.Observer, attempt, wait: TimeSpan.Zero);
        return await AttemptAsync(log, renewed, context.CancellationToken);
    }

    private async Task<Attempt> AttemptAsync(AttemptLog log, string? token, CancellationToken cancellation)
    {
        log.Begin(_options.TimeProvider);
        using var request = CreateRequest(log.Call.Method, log.Url, token);
        if (log.IdempotencyKey is { } key)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        }

        if (log.Call.IfMatch is { } tag)
        {
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        }

        // Also where there is nothing to say: a request without content the handler repeats up to three times by itself when the
        // connection is cut, unseen and without a wait, so that three attempts would be twelve.
        request.Content = new ReadOnlyMemoryContent(log.Call.Body);
        if (log.Call.Body.Length > 0)
        {
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(log.Call.ContentType);
        }

        var bound = _options.AttemptTimeout + log.Call.Hold;
        using var timer = new CancellationTokenSource(bound, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        try
        {
            var response = await _http.SendAsync(request, log.Completion, either.Token);
            var isOpened = log.Completion is HttpCompletionOption.ResponseHeadersRead && response.IsSuccessStatusCode;
            using var toClose = isOpened ? null : response;
            return log.End(_options.TimeProvider, new Attempt
            {
                Status = (int)response.StatusCode,
                Body = isOpened ? default : await response.Content.ReadAsByteArrayAsync(either.Token),
                Response = isOpened ? response : null,
                RetryAfter = RetryAfterOf(response),
                RequestId = response.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.FirstOrDefault() : null,
            });
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            var late = new TimeoutException($"no answer within {bound.TotalSeconds:0.#} s");
            return log.End(_options.TimeProvider, new Attempt { Error = late });
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return log.End(_options.TimeProvider, new Attempt { Error = e });
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _options.TimeProvider.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static ResiliencePipeline<Attempt> BuildRetries(MeshClientOptions options)
    {
        if (options.Attempts == 1)
        {
            return ResiliencePipeline<Attempt>.Empty;
        }

        return new ResiliencePipelineBuilder<Attempt> { TimeProvider = options.TimeProvider }
            .AddRetry(new RetryStrategyOptions<Attempt>
            {
                MaxRetryAttempts = options.Attempts - 1,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = args => ValueTask.FromResult(
                    args.Outcome.Result is { } attempt
                    && (attempt.Error is not null || IsTransient(attempt.Status))
                    && !(attempt.RetryAfter > options.MaxRetryAfter)),
                DelayGenerator = static args => ValueTask.FromResult(args.Outcome.Result?.RetryAfter),
                OnRetry = args =>
                {
                    args.Context.Properties.GetValue(s_log, null!).Report(options.Observer, args.Outcome.Result!, args.RetryDelay);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    private static MeshException Failure(AttemptLog log, Attempt last)
    {
        if (last.Error is { } error)
        {
            return new MeshException(MeshFailure.Unreachable, log.Url, Words(error), attempts: log.Attempts, inner: error);
        }

        var problem = ProblemOf(last.Status, last.Body);
        if (problem.RequestId is null && last.RequestId is not null)
        {
            problem = problem with { RequestId = last.RequestId };
        }

        if (problem.Code == ErrorCodes.Unauthenticated && log.MayBeDone && log.IdempotencyKey is not null)
        {
            problem = problem with
            {
                Detail = problem.Detail + " An earlier attempt of this call may have been done: look before you send it again.",
            };
        }

        return new MeshException(MeshFailure.Refused, log.Url, problem.Detail, problem, log.Attempts);
    }

    private static bool IsSuccess(int status) => status is >= 200 and < 300;

    /// <summary>Straight to the socket for a local server, whatever proxy the environment names; no redirects, no cookies.</summary>
    private static SocketsHttpHandler CreateHandler(MeshClientOptions options) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = !options.BaseUrl.IsLoopback,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    };
}
