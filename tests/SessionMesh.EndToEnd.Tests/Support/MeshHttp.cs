using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>One answer of the API.</summary>
internal sealed record Answer(int Status, JsonElement Json)
{
    /// <summary><c>X-Mesh-Revision</c>; null where it is not there.</summary>
    public long? Revision { get; init; }

    public bool IsDone => Status is >= 200 and < 300;

    public string? Text(string member) => Json.Text(member);

    public long Number(string member) => Json.GetProperty(member).GetInt64();
}

/// <summary>Bare HTTP with a key: what was answered is what the server said, nothing is retried.</summary>
/// <param name="patience">For how long a call waits for its answer; 70 s, longer than any wait of the API, unless given.</param>
internal sealed class MeshHttp(string url, string key, TimeSpan? patience = null) : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri($"{url}/api/session-mesh/"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        Timeout = patience ?? TimeSpan.FromSeconds(70),
    };

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, string? body = null, string? idempotencyKey = null) =>
        SendAsync(HttpMethod.Post, path, body, idempotencyKey);

    /// <param name="ifMatch">An <c>ETag</c>.</param>
    public Task<Answer> PatchAsync(string path, string body, string? idempotencyKey = null, string? ifMatch = null) =>
        SendAsync(HttpMethod.Patch, path, body, idempotencyKey, ifMatch);

    public Task<Answer> DeleteAsync(string path, string? idempotencyKey = null) => SendAsync(HttpMethod.Delete, path, null, idempotencyKey);

    /// <summary>The agent once its detail is as wanted.</summary>
    public async Task<Answer> AgentAsync(string id, Func<Answer, bool> wanted, string what)
    {
        Answer? last = null;
        await Eventually.True(async () => wanted(last = await GetAsync($"agents/{id}")), () => $"agent {id} {what}: {last}");
        return last!;
    }

    /// <summary>The log's entries past a revision, up to and with the first that is the last one asked for.</summary>
    public async Task<List<JsonElement>> EventsAsync(long after, Func<JsonElement, bool> last)
    {
        using var bound = new CancellationTokenSource(Eventually.Bound);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"events?after={after}");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, bound.Token);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(bound.Token));
        var events = new List<JsonElement>();
        while (await reader.ReadLineAsync(bound.Token) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
            {
                continue;
            }

            events.Add(Members.Parse(line["data: ".Length..]));
            if (last(events[^1]))
            {
                return events;
            }
        }

        throw new Xunit.Sdk.XunitException($"the stream of events ended after {events.Count} entries");
    }

    public void Dispose() => _http.Dispose();

    public async Task<Answer> SendAsync(
        HttpMethod method, string path, string? body = null, string? idempotencyKey = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Answer((int)response.StatusCode, text.Length == 0 ? default : Members.Parse(text))
        {
            Revision = response.Headers.TryGetValues("X-Mesh-Revision", out var values)
                ? long.Parse(values.Single(), System.Globalization.CultureInfo.InvariantCulture) : null,
        };
    }
}
