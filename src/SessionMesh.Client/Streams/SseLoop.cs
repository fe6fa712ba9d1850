using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Client.Http;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Client.Streams;

/// <summary>
/// Connect, read, reconnect: what the streams share. Events with an id not above the last one are dropped. A stream
/// that lived for a day and broke is not a failed call, so it waits by <see cref="Backoff"/> and not by the retries of a call.
/// </summary>
internal sealed class SseLoop(MeshClient client, string path, MeshStreamOptions options)
{
    private readonly TimeProvider _time = client.Options.TimeProvider;
    private readonly Uri _url = client.Transport.Resolve(path);
    private long? _resumeAfter = options.After;
    private TimeSpan? _serverDelay;
    private bool _wasConnected;

    /// <summary>The token of the connection, or of the last attempt at one.</summary>
    private string? _token;

    /// <summary>Another token was asked for since a connection stood.</summary>
    private bool _hasRenewed;
    private int _failures;

    /// <summary>The id after which the connection begins, as it said: the place of a reader that has seen nothing of it.</summary>
    private long? _begin;

    /// <summary>Whose numbers the ids are, as the last connection said: epoch and incarnation; null where it did not.</summary>
    private string? _life;

    /// <summary>
    /// After a resync, connect without a position instead of with the last id; and forget the last id, too, where the ids are of another
    /// epoch or incarnation than those seen before (<see cref="StreamHeader"/>).
    /// </summary>
    public bool ForgetsPositionOnResync { get; init; }

    public long? LastId { get; private set; } = options.After;

    public StreamEnd? End { get; private set; }

    public async IAsyncEnumerable<SseItem<byte[]>> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (End is null)
        {
            using var response = await ConnectAsync(cancellation);
            if (response is null || (ForgetsPositionOnResync && SkipsWhatIsNew(response)))
            {
                continue;
            }

            await using var body = new IdleStream(await response.Content.ReadAsStreamAsync(cancellation), options.IdleTimeout, _time);
            var parser = SseParser.Create(body, static (_, data) => data.ToArray());
            await using var messages = parser.EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
            while (await NextAsync(messages))
            {
                var message = messages.Current;
                if (message.EventType is StreamEvent.GoAway)
                {
                    break;
                }

                if (message.EventType is StreamEvent.End)
                {
                    var notice = Parse(message, ClientJson.Context.StreamNotice);
                    if (notice.Code == ErrorCodes.KeyExpired && await RenewAsync(cancellation))
                    {
                        break;
                    }

                    End = new StreamEnd(notice.Code, notice.Detail, Status: null);
                    yield break;
                }

                if (message.EventType is StreamEvent.Resync && ForgetsPositionOnResync)
                {
                    _resumeAfter = null;
                    if (Parse(message, ClientJson.Context.StreamNotice).Code is StreamNotice.Ahead)
                    {
                        LastId = null;
                    }

                    break;
                }

                if (!IsNews(message))
                {
                    continue;
                }

                _failures = 0;
                yield return message;
            }

            if (parser.ReconnectionInterval > TimeSpan.Zero)
            {
                _serverDelay = parser.ReconnectionInterval;
            }

            if (End is null)
            {
                options.Disconnected?.Invoke();
                await PauseAsync("the stream was closed", status: null, retryAfter: null, cancellation);
            }
        }
    }

    /// <summary>
    /// Looks whose ids a connection sends. In another life of the store, or of the agent, those seen before say nothing, and a connection
    /// that was to resume after one of them has left out what is new: true, and the next one asks for all.
    /// </summary>
    private bool SkipsWhatIsNew(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues(StreamHeader.Epoch, out var epoch))
        {
            return false; // a server of a version that has none
        }

        response.Headers.TryGetValues(StreamHeader.Incarnation, out var incarnation);
        var life = $"{epoch.First()} {incarnation?.First()}";
        var isAnother = _life is not null && _life != life;
        _life = life;
        if (!isAnother)
        {
            return false;
        }

        var resumed = _resumeAfter is not null;
        LastId = _resumeAfter = null;
        return resumed;
    }

    /// <summary>
    /// A reader that named no place begins where the server is now. From here on that is its place, so that what happens while the server
    /// is away is not lost to a reader that has had no message yet.
    /// </summary>
    private void BeginAt(HttpResponseMessage response)
    {
        _begin = response.Headers.TryGetValues(StreamHeader.Revision, out var said)
            && long.TryParse(said.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
                ? revision
                : null;
        if (_resumeAfter is null && _begin is { } place)
        {
            LastId = _resumeAfter = place;
        }
    }

    /// <summary>The data of a message; throws <see cref="MeshException"/> when it is not what the contract says.</summary>
    public T Parse<T>(SseItem<byte[]> message, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(LoneSurrogates.Repair(message.Data).Span, type) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw MeshTransport.NotAMesh(_url, $"the data of a '{message.EventType}' event is not what was expected", e);
        }
    }

    /// <summary>
    /// A connection that stands, or null when it did not come about: then either <see cref="End"/> is set or the wait is over.
    /// </summary>
    private async Task<HttpResponseMessage?> ConnectAsync(CancellationToken cancellation)
    {
        _token = client.Transport.Credentials.Token;
        using var request = MeshTransport.CreateRequest(HttpMethod.Get, _url, _token);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (_resumeAfter is { } after)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", after.ToString(CultureInfo.InvariantCulture));
        }

        using var timer = new CancellationTokenSource(client.Options.AttemptTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        HttpResponseMessage? response = null;
        try
        {
            response = await client.Transport.OpenAsync(request, either.Token);
            if (response.IsSuccessStatusCode)
            {
                if (response.Content.Headers.ContentType?.MediaType is not "text/event-stream")
                {
                    response.Dispose();
                    throw MeshTransport.NotAMesh(_url, "its answer is not an event stream");
                }

                _wasConnected = true;
                _hasRenewed = false;
                BeginAt(response);
                Report(status: 200, error: null, wait: null);
                options.Connected?.Invoke();
                return response;
            }

            await RefusedAsync(response, either.Token, cancellation);
        }
        catch (Exception e) when (
            e is HttpRequestException or IOException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            var error = e is OperationCanceledException ? new TimeoutException("no answer in time") : e;
            if (GivesUp())
            {
                throw new MeshException(MeshFailure.Unreachable, _url, MeshTransport.Words(error), attempts: _failures + 1, inner: error);
            }

            await PauseAsync(MeshTransport.Words(error), status: null, retryAfter: null, cancellation);
        }

        response?.Dispose();
        return null;
    }

    private async Task RefusedAsync(HttpResponseMessage response, CancellationToken bound, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var body = await response.Content.ReadAsByteArrayAsync(bound);
        if (MeshTransport.IsUnauthenticated(status, body) && await RenewAsync(cancellation))
        {
            Report(status, error: null, wait: TimeSpan.Zero);
            return;
        }

        var problem = MeshTransport.ProblemOf(status, body);
        if (!MeshTransport.IsTransient(status))
        {
            Report(status, error: null, wait: null);
            End = new StreamEnd(problem.Code, problem.Detail, status, problem.RequestId);
            return;
        }

        if (GivesUp())
        {
            throw new MeshException(MeshFailure.Refused, _url, problem.Detail, problem, _failures + 1);
        }

        await PauseAsync(error: null, status, response.Headers.RetryAfter?.Delta, cancellation);
    }

    /// <summary>Whether there is another token to connect with. Asked for once for each time that a connection stood.</summary>
    private async Task<bool> RenewAsync(CancellationToken cancellation)
    {
        if (_hasRenewed)
        {
            return false;
        }

        _hasRenewed = true;
        return await client.Transport.Credentials.RenewAsync(_token, cancellation) is not null;
    }

    /// <summary>The next message, or false when the connection ended in whatever way.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<byte[]>> messages)
    {
        try
        {
            return await messages.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
        {
            return false;
        }
    }

    private bool IsNews(SseItem<byte[]> message)
    {
        var hasId = long.TryParse(message.EventId, NumberStyles.None, CultureInfo.InvariantCulture, out var id);
        if (message.EventType is StreamEvent.Resync)
        {
            // The log may have been cut above our position, or replaced by a shorter one: go on from where the server is.
            LastId = _resumeAfter = hasId ? id : _begin;
            return true;
        }

        if (!hasId)
        {
            return true;
        }

        if (id <= LastId)
        {
            return false;
        }

        LastId = _resumeAfter = id;
        return true;
    }

    private bool GivesUp() => !_wasConnected && options.FirstConnectAttempts is { } most && _failures + 1 >= most;

    private async Task PauseAsync(string? error, int? status, TimeSpan? retryAfter, CancellationToken cancellation)
    {
        var first = _serverDelay is { } asked && asked < options.MaxReconnectDelay ? asked : options.ReconnectDelay;
        var wait = Backoff.After(_failures, first, options.MaxReconnectDelay);
        if (retryAfter > wait)
        {
            wait = retryAfter.Value;
        }

        Report(status, error, wait);
        _failures++;
        await Task.Delay(wait, _time, cancellation);
    }

    private void Report(int? status, string? error, TimeSpan? wait) => client.Options.Observer?.Invoke(
        new MeshAttempt(_failures + 1, HttpMethod.Get, _url, status, error, TimeSpan.Zero, wait, RequestId: null));
}
