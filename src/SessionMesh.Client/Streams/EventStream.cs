using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Client.Streams;

/// <summary>
/// The log as <c>GET /events</c> sends it, each entry once, in order. Reconnects by itself and resumes after the last
/// revision seen. When the server no longer keeps what follows, <see cref="Resynced"/> is raised and reading goes on
/// with what it has: the reader must look at the current state again. One enumeration at a time.
/// </summary>
/// <param name="query">What to hear of; null for everything.</param>
public sealed class EventStream(MeshClient client, MeshStreamOptions? options = null, EventQuery? query = null)
{
    private readonly SseLoop _loop = new(client, Routes.Events + query?.ToQueryString(), options ?? new());

    /// <summary>The last revision handed out, or the one to resume after; null before either.</summary>
    public long? LastRevision => _loop.LastId;

    /// <summary>Why the stream ended; null while it goes on and after a cancel.</summary>
    public StreamEnd? End => _loop.End;

    /// <summary>Called when entries were skipped because the server does not keep them any more.</summary>
    public Action<StreamNotice>? Resynced { get; init; }

    /// <summary>Entries as they come, until the server ends the stream or the caller cancels.</summary>
    public IAsyncEnumerable<MeshEvent> ReadAsync(CancellationToken cancellation = default) =>
        ReadAsync(ClientJson.Context.MeshEvent, cancellation);

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
            else
            {
                yield return _loop.Parse(message, type);
            }
        }
    }
}
