using System.Net;
using System.Net.Http.Headers;
using System.Text;
using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>The bare calls; no retries, so that what is timed is one call.</summary>
internal sealed class Mesh : IDisposable
{
    private readonly HttpClient _http;

    public Mesh(string url)
    {
        _http = new HttpClient(
            new SocketsHttpHandler { MaxConnectionsPerServer = 20_000, PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan })
        {
            BaseAddress = new Uri(url),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        var key = Environment.GetEnvironmentVariable("SESSION_API_KEY")
            ?? throw new InvalidOperationException("SESSION_API_KEY is not set");
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Posts JSON and returns the answer's body.</summary>
    /// <exception cref="HttpRequestException">Anything but 2xx.</exception>
    public async Task<string> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        return await PostAsync(path, content);
    }

    /// <inheritdoc cref="PostAsync(string, string)"/>
    public async Task<string> PostAsync(string path, HttpContent content)
    {
        using var response = await _http.PostAsync(path, content);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? body
            : throw new HttpRequestException($"{path}: {(int)response.StatusCode} {body}", null, response.StatusCode);
    }

    public async Task<string> GetAsync(string path)
    {
        using var response = await _http.GetAsync(path);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Returns the answer's body.</summary>
    /// <exception cref="HttpRequestException">Anything but 2xx.</exception>
    public async Task<string> DeleteAsync(string path)
    {
        using var response = await _http.DeleteAsync(path);
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? body
            : throw new HttpRequestException($"{path}: {(int)response.StatusCode} {body}", null, response.StatusCode);
    }

    /// <summary>Registers an agent; one that is there already is as good.</summary>
    public async Task RegisterAsync(string id, string json)
    {
        try
        {
            await PostAsync(Routes.Agents, json);
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.Conflict)
        {
            await PostAsync(Routes.Heartbeat(id), "{}");
        }
    }

    /// <summary>Reads an answer as it comes.</summary>
    public async Task<Stream> ReadAsync(string path)
    {
        var response = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStreamAsync();
    }

    /// <summary>Opens an agent's stream of directives.</summary>
    public async Task<Stream> ListenAsync(string id, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Routes.AgentDirectives(id));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStreamAsync(cancellation);
    }
}
