using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Client.Http;

namespace SessionMesh.Client;

/// <summary>
/// The mesh, typed. Every method sends one call with up to three attempts (network errors, 408, 429 and 5xx are retried)
/// and throws <see cref="MeshException"/> when that fails, or <see cref="OperationCanceledException"/> when the caller
/// cancels. Thread-safe; keep one for the life of the process, since it owns the connections.
/// </summary>
public sealed partial class MeshClient : IDisposable
{
    private readonly MeshTransport _transport;

    /// <param name="handler">Takes the place of the network, in tests; stays the caller's to dispose of.</param>
    public MeshClient(MeshClientOptions? options = null, HttpMessageHandler? handler = null)
    {
        Options = options ?? new();
        _transport = new MeshTransport(Options, handler);
    }

    /// <summary>What it was made with.</summary>
    public MeshClientOptions Options { get; }

    internal MeshTransport Transport => _transport;

    /// <summary>Whether the server is up; throws when it cannot be reached.</summary>
    public async Task LivezAsync(CancellationToken cancellation = default) =>
        await _transport.SendAsync(MeshCall.Livez(), cancellation);

    /// <summary>
    /// The server's clock, to the second, for times that are reckoned back from now: this machine's may be wrong. Null where the answer has
    /// no date.
    /// </summary>
    public async Task<DateTimeOffset?> ServerTimeAsync(CancellationToken cancellation = default)
    {
        using var response = await _transport.OpenAsync(MeshCall.Livez(), cancellation);
        return response.Headers.Date;
    }

    /// <summary>Sends a call and gives the answer as the server wrote it, members unknown here included.</summary>
    public Task<JsonElement> SendAsync(MeshCall call, CancellationToken cancellation = default) =>
        SendAsync(call, ClientJson.Context.JsonElement, cancellation);

    /// <summary>Closes the connections; calls that are under way fail.</summary>
    public void Dispose() => _transport.Dispose();

    private async Task<T> SendAsync<T>(MeshCall call, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var answer = await _transport.SendAsync(call, cancellation);
        try
        {
            return JsonSerializer.Deserialize(answer.Body.Span, type)
                ?? throw MeshTransport.NotAMesh(answer.Url, "it answered null");
        }
        catch (JsonException e)
        {
            throw MeshTransport.NotAMesh(answer.Url, "its answer is not the JSON that was expected", e);
        }
    }
}
