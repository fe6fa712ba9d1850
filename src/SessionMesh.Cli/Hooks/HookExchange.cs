using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Hooks;

namespace SessionMesh.Cli.Hooks;

/// <summary>What came of bringing an event to the mesh.</summary>
internal enum HookOutcome
{
    Ok,

    /// <summary>Nobody answers there.</summary>
    Unreachable,

    /// <summary>No answer within a second.</summary>
    Slow,

    /// <summary>The key, or the server as it is, does not take events.</summary>
    Refused,

    Unreadable,
    TooLarge,
}

/// <summary>The mesh's reply.</summary>
/// <param name="Json">The answer for the program; null for nothing.</param>
/// <param name="Detail">Why there is none.</param>
internal sealed record HookReply(HookOutcome Outcome, string? Json = null, string? Detail = null)
{
    public string? AgentId { get; init; }
    public string? Incarnation { get; init; }
    public bool HasRegistered { get; init; }
    public string? Receipt { get; init; }
    public string? Again { get; init; }

    /// <summary>To a session at rest.</summary>
    public string? Words { get; init; }

    /// <summary>The answer, with the receipt that it has as one more member.</summary>
    public string? JsonWithReceipt => Json is null || Receipt is null ? Json : $"{Json[..^1]},{ReceiptAlone(Receipt)[1..]}";

    public static string ReceiptAlone(string receipt) => $$"""{"receipt":"{{receipt}}"}""";
}

/// <summary>Brings one event to the mesh, as often as it takes. Plain calls without retries: an agent waits.</summary>
internal sealed class HookExchange : IDisposable
{
    private const int LongPoll = 50;

    /// <summary>Far more than any answer has, and no more than an agent's program should be given.</summary>
    private const int MostOfAnAnswer = 1024 * 1024;

    /// <summary>For how long a hook holds up an agent that is not paused.</summary>
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(1);

    /// <summary>For how long a paused agent is held: a little less than the time-out of its hook.</summary>
    private static readonly TimeSpan s_mostHeld = TimeSpan.FromSeconds(570);

    /// <summary>For how long a paused agent stays held while the mesh is away.</summary>
    private static readonly TimeSpan s_mostAway = TimeSpan.FromSeconds(30);

    /// <summary>Between two asks of a mesh that refuses the events of a paused agent.</summary>
    private static readonly TimeSpan s_betweenRefusals = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For how long a hook waits in all: past its time-out of 600 s, the program ends it, and opencode's plugin does after 590 s; nobody is
    /// told anything then.
    /// </summary>
    private static readonly TimeSpan s_mostInAll = TimeSpan.FromSeconds(585);

    private readonly CommandContext _context;
    private readonly CliHost _host;
    private readonly MeshSettings _settings;
    private readonly HookedProgram _program;
    private readonly HttpClient _http;
    private readonly string _query;

    public HookExchange(CommandContext context, HookedProgram program, HookEvent happening)
    {
        (_context, _host, _settings, _program, Event) = (context, context.Host, context.Settings, program, happening);
        _http = new HttpClient(
            _host.Handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = !_settings.Url.IsLoopback },
            disposeHandler: _host.Handler is null)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MostOfAnAnswer,
        };
        var parent = _host.Env(MeshSettings.AgentVariable);
        _query = $"?receipt=true&host={Uri.EscapeDataString(Environment.MachineName)}"
            + (parent is null || !MeshId.IsValid(parent) ? "" : $"&parent={parent}")
            + (happening.Detail is null ? "" : "&detail=true");
    }

    public HookEvent Event { get; }

    /// <summary>Sends the event. Held as long as the agent is paused.</summary>
    public async Task<HookReply> SendAsync(CancellationToken cancellation)
    {
        var began = _host.Time.GetTimestamp();
        var reply = await PostAsync(Event, _query + "&hold=0", s_most, cancellation);
        return reply.Again is null ? reply : await HoldAsync(reply, began, cancellation);
    }

    /// <summary>Asks again and again, until the agent is held no longer.</summary>
    private async Task<HookReply> HoldAsync(HookReply reply, long began, CancellationToken cancellation)
    {
        var agent = reply.AgentId;
        long? awaySince = null;
        long? asked = null;
        while (reply.Again is not null || reply.Outcome != HookOutcome.Ok)
        {
            if (_host.Time.GetElapsedTime(began) + (2 * s_most) > s_mostInAll)
            {
                break; // a pause and one more call could take us past the end
            }

            if (reply.Again is not null)
            {
                awaySince = null;
                await PaceAsync(asked, cancellation);
            }
            else if (reply.Outcome == HookOutcome.Refused)
            {
                // The mesh is there, and has resumed nobody.
                if (_host.Time.GetElapsedTime(began) >= s_mostHeld)
                {
                    return reply with { Json = _program.Denial(Event.Name, RefusedReason(agent)) };
                }

                awaySince = null;
                await Task.Delay(s_betweenRefusals, _host.Time, cancellation);
            }
            else if (_host.Time.GetElapsedTime(awaySince ??= _host.Time.GetTimestamp()) > s_mostAway)
            {
                break;
            }
            else
            {
                await Task.Delay(s_most, _host.Time, cancellation);
            }

            var left = (int)(s_mostHeld - _host.Time.GetElapsedTime(began)).TotalSeconds;
            var hold = reply.Again is not null ? Math.Min(LongPoll, left) : 0; // whether it is back is to be known at once
            asked = reply.Again is not null ? _host.Time.GetTimestamp() : null;
            reply = left > 0
                ? await PostAsync(
                    Event, string.Create(CultureInfo.InvariantCulture, $"{_query}&hold={hold}"), TimeSpan.FromSeconds(hold) + s_most,
                    cancellation)
                : await PostAsync(Event, _query + "&hold=0&deny=true", s_most, cancellation);
        }

        return reply;
    }

    /// <summary>Waits for words to a session at rest, for a while.</summary>
    public Task<HookReply> WaitForWordsAsync(CancellationToken cancellation) => PostAsync(
        Event, $"{_query}&wake={LongPoll.ToString(CultureInfo.InvariantCulture)}", TimeSpan.FromSeconds(LongPoll) + s_most, cancellation);

    /// <summary>Says that the program has the answer, where that matters.</summary>
    public async Task WrittenAsync(HookReply reply, CancellationToken cancellation)
    {
        if (reply.Receipt is not null)
        {
            var written = new HookEvent
            {
                Name = HookEvent.WrittenName,
                SessionId = Event.SessionId,
                Receipt = reply.Receipt,
            };
            await PostAsync(written, "", s_most, cancellation);
        }
    }

    /// <summary>Waits until a second has passed since a call that was to be held, where the server has not held it.</summary>
    /// <param name="asked">When; null where there was none such.</param>
    public async Task PaceAsync(long? asked, CancellationToken cancellation)
    {
        if (asked is { } since && _host.Time.GetElapsedTime(since) is var passed && passed < s_most)
        {
            await Task.Delay(s_most - passed, _host.Time, cancellation);
        }
    }

    public void Dispose() => _http.Dispose();

    private static string RefusedReason(string? agent) =>
        $"Session Mesh: an operator has paused this agent, {agent}, and the mesh no longer takes its events. "
        + "This tool was not run. It may be tried again.";

    private async Task<HookReply> PostAsync(HookEvent happening, string query, TimeSpan atMost, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(atMost, _host.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            var url = new Uri(_settings.Url.AbsoluteUri.TrimEnd('/') + Routes.Hook(_program.Name) + query);
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(happening.ToJson()) };
            if (_settings.Key is { } key)
            {
                request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
            }

            using var response = await _http.SendAsync(request, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return response.StatusCode == HttpStatusCode.OK ? Read(response, body) : Refused(response.StatusCode, body);
        }
        catch (JsonException)
        {
            return new HookReply(HookOutcome.Refused, Detail: $"what answers at {_settings.Url} is no Session Mesh server");
        }
        catch (HttpRequestException e)
        {
            return new HookReply(HookOutcome.Unreachable, Detail: $"{_settings.Url} {WordsOf(e.HttpRequestError)}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HookReply(HookOutcome.Slow, Detail: $"no answer from {_settings.Url} in time");
        }
    }

    private static HookReply Read(HttpResponseMessage response, byte[] body)
    {
        var json = body.AsSpan().SequenceEqual("{}"u8) ? null : Encoding.UTF8.GetString(body);
        return new HookReply(HookOutcome.Ok, json)
        {
            AgentId = Header(response, HookHeader.Agent) is { } agent && MeshId.IsValid(agent) ? agent : null,
            Incarnation = Header(response, HookHeader.Incarnation) is { } number && number.All(char.IsAsciiDigit) ? number : null,
            HasRegistered = Header(response, HookHeader.Registered) is not null,
            Receipt = Header(response, HookHeader.Receipt) is { } receipt && receipt.All(char.IsAsciiDigit) ? receipt : null,
            Again = Header(response, HookHeader.Again),
            Words = json is null ? null : WordsOf(json),
        };
    }

    private static string WordsOf(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => "is an unknown host",
        HttpRequestError.SecureConnectionError => "makes no secure connection",
        HttpRequestError.ConfigurationLimitExceeded => "answers with more than 1 MiB",
        HttpRequestError.ConnectionError => "refuses the connection, or cannot be reached",
        _ => "has cut the connection",
    };

    /// <exception cref="JsonException">It is no answer to an event, but a page of whatever listens there.</exception>
    private static string? WordsOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind != JsonValueKind.Object ? throw new JsonException("an object is due")
            : document.RootElement.TryGetProperty("words", out var words) ? words.GetString()
            : null;
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    /// <summary>A server that has too much to do is away, too: it frees nobody who is paused.</summary>
    private HookReply Refused(HttpStatusCode status, byte[] body) => new(
        status == HttpStatusCode.TooManyRequests || (int)status >= 500 ? HookOutcome.Unreachable : HookOutcome.Refused,
        Detail: status == HttpStatusCode.NotFound
            ? "the server is of a version that takes no hooks"
            : WhyOf(body) ?? $"the server answers with status {(int)status}");

    private string? WhyOf(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ClientJson.Context.Problem) is { } problem ? Errors.WhyOf(problem, _context) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
