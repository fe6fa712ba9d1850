using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Client.Http;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Streams;

/// <summary>
/// The agent's side of <c>GET /agents/{id}/directives</c>: everything pending and everything new, in order, each
/// directive once (by epoch, incarnation and <c>seq</c>) for the life of this object. Reconnects by itself and resumes where it was;
/// enumeration ends only when the server says it is over (<see cref="End"/> has the reason) or the caller cancels. Losing the
/// connection loses no directive: the inbox keeps it until it is acknowledged. One enumeration at a time.
/// </summary>
public sealed class DirectiveStream
{
    private readonly SseLoop _loop;

    /// <summary>Connects with the first <see cref="ReadAsync(CancellationToken)"/>. An invalid id throws
    /// <see cref="ArgumentException"/>.</summary>
    public DirectiveStream(MeshClient client, string agentId, MeshStreamOptions? options = null)
    {
        AgentId = agentId;
        var path = Routes.AgentDirectives(MeshCall.CheckedId(agentId))
            + new QueryText().Add("incarnation", options?.Incarnation).Add("epoch", options?.Epoch)
                .Add("verbs", MeshCall.Words(options?.Verbs));
        _loop = new SseLoop(client, path, options ?? new())
        {
            // The whole inbox may come again after a resync; what has been handed out is filtered by seq.
            ForgetsPositionOnResync = true,
        };
    }

    /// <summary>Whose directives these are.</summary>
    public string AgentId { get; }

    /// <summary>The last directive handed out; 0 before the first, and before the first after a restore.</summary>
    public long LastSeq => _loop.LastId ?? 0;

    /// <summary>Why the stream ended; null while it goes on and after a cancel.</summary>
    public StreamEnd? End => _loop.End;

    /// <summary>Directives as they come, until the server ends the stream or the caller cancels.</summary>
    public IAsyncEnumerable<Directive> ReadAsync(CancellationToken cancellation = default) =>
        ReadAsync(ClientJson.Context.Directive, cancellation);

    /// <summary>The same, as the server wrote it, members unknown here included.</summary>
    public IAsyncEnumerable<JsonElement> ReadJsonAsync(CancellationToken cancellation = default) =>
        ReadAsync(ClientJson.Context.JsonElement, cancellation);

    private async IAsyncEnumerable<T> ReadAsync<T>(JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var message in _loop.ReadAsync(cancellation))
        {
            if (message.EventType is StreamEvent.Directive)
            {
                yield return _loop.Parse(message, type);
            }
        }
    }
}
