using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using SessionMesh.Cli.Commands;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Mcp;

/// <summary>A message could not be brought to the server, or its answer back.</summary>
internal sealed class McpLinkException(McpErrorText text) : Exception(text.Message)
{
    public McpErrorText Text { get; } = text;
}

/// <summary>
/// The server's end: sends messages to <c>/mcp</c>, each in a request of its own. The server keeps no sessions, and so a server that was
/// restarted, or another node, answers the next message as if nothing had been. Thread-safe.
/// </summary>
internal sealed class McpServerLink : IDisposable
{
    private const string VersionHeader = "MCP-Protocol-Version";
    private const int Attempts = 3;

    /// <summary>Past the longest time for which the server holds an answer.</summary>
    private static readonly TimeSpan s_mostPerCall = TimeSpan.FromSeconds(2 * Limits.MaxWait);

    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(200);

    private readonly CommandContext _context;
    private readonly HttpClient _http;
    private readonly SemaphoreSlim _renewing = new(1, 1);
    private volatile string? _token;

    public McpServerLink(CommandContext context)
    {
        _context = context;
        var settings = context.Settings;
        Url = new Uri(settings.Url.AbsoluteUri.TrimEnd('/') + Routes.Mcp);
        _token = settings.Key;
        _http = new HttpClient(
            context.Host.Handler ?? new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = !settings.Url.IsLoopback,
                ConnectTimeout = TimeSpan.FromSeconds(5),
                PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            },
            disposeHandler: context.Host.Handler is null)
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public Uri Url { get; }

    /// <summary>The revision of the protocol that was agreed on; null before that.</summary>
    public string? Version { get; set; }

    /// <summary>Sends one message and gives what the server answers, message by message.</summary>
    /// <exception cref="McpLinkException">It could not be brought there, was refused, or the answer broke off.</exception>
    public async IAsyncEnumerable<string> SendAsync(McpLine line, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(s_mostPerCall, _context.Host.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timer.Token);
        using var response = await GuardAsync(() => OpenAsync(line, either.Token), cancellation);
        if (response.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.NoContent)
        {
            yield break;
        }

        if (response.Content.Headers.ContentType?.MediaType is not "text/event-stream")
        {
            yield return Encoding.UTF8.GetString(
                await GuardAsync(() => response.Content.ReadAsByteArrayAsync(either.Token), cancellation));
            yield break;
        }

        await using var body = await response.Content.ReadAsStreamAsync(either.Token);
        await using var messages = SseParser.Create(body).EnumerateAsync(either.Token).GetAsyncEnumerator(either.Token);
        while (await GuardAsync(() => messages.MoveNextAsync().AsTask(), cancellation))
        {
            if (messages.Current.Data.Length > 0)
            {
                yield return messages.Current.Data;
            }
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _renewing.Dispose();
    }

    /// <summary>A 2xx answer, with its headers alone. With another key if this one is refused and another can be had.</summary>
    private async Task<HttpResponseMessage> OpenAsync(McpLine line, CancellationToken cancellation)
    {
        var token = _token;
        var response = await PostAsync(line, token, cancellation);
        if (response.StatusCode == HttpStatusCode.Unauthorized && await RenewAsync(token, cancellation) is { } renewed)
        {
            response.Dispose();
            response = await PostAsync(line, renewed, cancellation);
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var body = await response.Content.ReadAsByteArrayAsync(cancellation);
            throw new McpLinkException(McpErrorText.Refused((int)response.StatusCode, body, _context));
        }
    }

    /// <summary>Tries again where no connection came about: then nothing was sent.</summary>
    private async Task<HttpResponseMessage> PostAsync(McpLine line, string? token, CancellationToken cancellation)
    {
        for (var (attempt, delay) = (1, s_firstDelay); ; attempt++, delay *= 2)
        {
            try
            {
                using var request = CreateRequest(line, token);
                return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            }
            catch (HttpRequestException e) when (IsUnconnected(e))
            {
                if (attempt == Attempts)
                {
                    var error = new MeshException(MeshFailure.Unreachable, Url, WordsOf(e), attempts: attempt, inner: e);
                    throw new McpLinkException(McpErrorText.Unreachable(error, attempt));
                }

                await Task.Delay(delay, _context.Host.Time, cancellation);
            }
        }
    }

    private HttpRequestMessage CreateRequest(McpLine line, string? token)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Url) { Content = new ReadOnlyMemoryContent(line.Bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        // A message that names its revision itself is of one without a handshake, where the headers repeat what it says.
        if ((line.Version ?? (line.Method == McpLine.Initialize ? null : Version)) is { } version)
        {
            request.Headers.TryAddWithoutValidation(VersionHeader, version);
        }

        if (line is { Version: not null, Method: { } method })
        {
            request.Headers.TryAddWithoutValidation("Mcp-Method", method);
            if (line.Name is { } name)
            {
                request.Headers.TryAddWithoutValidation("Mcp-Name", name);
            }
        }

        return request;
    }

    private async Task<string?> RenewAsync(string? refused, CancellationToken cancellation)
    {
        if (_context.Client.Options.Reauthenticate is not { } source)
        {
            return null;
        }

        await _renewing.WaitAsync(cancellation);
        try
        {
            if (_token != refused)
            {
                return _token; // another message has renewed it meanwhile
            }

            return await source(refused, cancellation) is { } renewed && renewed != refused ? _token = renewed : null;
        }
        finally
        {
            _renewing.Release();
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> step, CancellationToken cancellation)
    {
        try
        {
            return await step();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new McpLinkException(McpErrorText.CutOff(Url));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new McpLinkException(McpErrorText.Late(Url));
        }
    }

    private static bool IsUnconnected(HttpRequestException e) => e.HttpRequestError is
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
        or HttpRequestError.ProxyTunnelError;

    private static string WordsOf(HttpRequestException e) => e.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "unknown host",
        HttpRequestError.SecureConnectionError => "no secure connection",
        HttpRequestError.ProxyTunnelError => "the proxy does not lead there",
        _ => "nothing listens there, or no network leads there",
    };
}
