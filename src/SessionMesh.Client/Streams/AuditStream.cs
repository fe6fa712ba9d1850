using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Audit;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Client.Streams;

/// <summary>
/// The audit as <c>GET /audit</c> sends it: entries of the log each once, in order, and refusals as they happen. Reconnects by itself
/// and resumes after the last revision seen; refusals have no revision, so that those of the time between are not heard. One
/// enumeration at a time.
/// </summary>
/// <param name="query">What to hear of. <see cref="AuditQuery.Until"/>, <see cref="AuditQuery.Limit"/> and <see cref="AuditQuery.Cursor"/>
/// are of no use here, and the server refuses them.</param>
public sealed class AuditStream(MeshClient client, AuditQuery query, MeshStreamOptions? options = null)
{
    private readonly SseLoop _loop = new(client, Routes.Audit + query.ToQueryString(), options ?? new());

    /// <summary>Why the stream ended; null while it goes on and after a cancel.</summary>
    public StreamEnd? End => _loop.End;

    /// <summary>Called when the server's log ends before the place to resume at: it is another log.</summary>
    public Action<StreamNotice>? Resynced { get; init; }

    /// <summary>Entries as they come, until the server ends the stream or the caller cancels.</summary>
    public IAsyncEnumerable<AuditEntry> ReadAsync(CancellationToken cancellation = default) =>
        ReadAsync(ClientJson.Context.AuditEntry, cancellation);

    /// <summary>The same, as the server wrote it.</summary>
    public IAsyncEnumerable<JsonElement> ReadJsonAsync(CancellationToken cancellation = default) =>
        ReadAsync(ClientJson.Context.JsonElement, cancellation);

    private async IAsyncEnumerable<T> ReadAsync<T>(JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var message in _loop.ReadAsync(cancellation))
        {
            if (message.EventType is StreamEvent.Resync)
            {
                Resynced?.Invoke(_loop.Parse(message, ClientJson.Context.StreamNotice));
            }
            else if (message.EventType is AuditEvent.Entry)
            {
                yield return _loop.Parse(message, type);
            }
        }
    }
}
