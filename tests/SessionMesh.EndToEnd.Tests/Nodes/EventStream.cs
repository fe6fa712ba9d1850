using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>One event of a stream.</summary>
internal sealed record StreamEvent(string Kind, long? Id, string Data)
{
    public JsonElement Json => Members.Parse(Data);

    public string? Text(string member) => Json.Text(member);
}

/// <summary>A stream of server-sent events of one node, without coming back when it ends.</summary>
internal sealed class EventStream : IDisposable
{
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpClient http, HttpResponseMessage response, StreamReader reader) =>
        (_http, _response, _reader) = (http, response, reader);

    /// <summary>Of an agent's directives these come with the first answer.</summary>
    public string? Header(string name) => _response.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    /// <summary>Opens it; what was answered instead is an exception.</summary>
    public static async Task<EventStream> OpenAsync(Node node, string path, string? key = null, long? after = null)
    {
        var (stream, refusal) = await TryOpenAsync(node.Url, path, key ?? node.Server.RootKey, after, Eventually.Bound);
        return stream ?? throw new Xunit.Sdk.XunitException($"{node.Id}: {path} -> {refusal}");
    }

    /// <exception cref="HttpRequestException">Nothing answers.</exception>
    public static async Task<(EventStream? Stream, Answer? Refusal)> TryOpenAsync(
        string url, string path, string key, long? after, TimeSpan patience)
    {
        var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        try
        {
            using var bound = new CancellationTokenSource(patience);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{url}/api/session-mesh/{path}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            request.Headers.Accept.ParseAdd("text/event-stream");
            if (after is { } id)
            {
                request.Headers.Add("Last-Event-ID", id.ToString(CultureInfo.InvariantCulture));
            }

            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bound.Token);
            if (!response.IsSuccessStatusCode)
            {
                var refusal = new Answer((int)response.StatusCode, Members.Parse(await response.Content.ReadAsStringAsync(bound.Token)));
                response.Dispose();
                http.Dispose();
                return (null, refusal);
            }

            return (new EventStream(http, response, new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token))), null);
        }
        catch
        {
            http.Dispose();
            throw;
        }
    }

    /// <summary>The next event; null once the stream has ended.</summary>
    /// <exception cref="OperationCanceledException">None came in that time.</exception>
    public async Task<StreamEvent?> NextAsync(TimeSpan? patience = null, CancellationToken cancellation = default)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(patience ?? Eventually.Bound);
        var (kind, id, data) = ("message", (long?)null, "");
        while (await _reader.ReadLineAsync(bound.Token) is { } line)
        {
            if (line.Length == 0)
            {
                if (data.Length > 0)
                {
                    return new StreamEvent(kind, id, data);
                }

                (kind, id) = ("message", null);
            }
            else if (line.Split(": ", 2) is [var field, var value])
            {
                switch (field)
                {
                    case "event": kind = value; break;
                    case "id": id = long.Parse(value, CultureInfo.InvariantCulture); break;
                    case "data": data += value; break;
                }
            }
        }

        return null;
    }

    /// <summary>The next event that is as wanted; the stream must not end before.</summary>
    public async Task<StreamEvent> NextAsync(Func<StreamEvent, bool> wanted)
    {
        var passed = new List<StreamEvent>();
        while (await NextAsync() is { } next)
        {
            if (wanted(next))
            {
                return next;
            }

            passed.Add(next);
        }

        throw new Xunit.Sdk.XunitException($"the stream ended after {string.Join(" | ", passed)}");
    }

    /// <summary>What is left of it, which has to end.</summary>
    public async Task<List<StreamEvent>> RestAsync()
    {
        var rest = new List<StreamEvent>();
        while (await NextAsync() is { } next)
        {
            rest.Add(next);
        }

        return rest;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
        _http.Dispose();
    }
}
