using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace SessionMesh.Extensions.AI;

/// <summary>Asks the model for an agent of the mesh. Thread-safe as far as the client within is.</summary>
/// <param name="inner">What asks the model.</param>
/// <param name="current">For whom it asks now; null for nobody, and then it only asks.</param>
internal sealed class MeshChatClient(IChatClient inner, Func<CancellationToken, ValueTask<ModelSteering?>> current)
    : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (await current(cancellationToken) is not { } steering)
        {
            return await base.GetResponseAsync(messages, options, cancellationToken);
        }

        await using var request = await steering.BeginAsync(messages, cancellationToken);
        var response = await request.WhileAsync(base.GetResponseAsync(request.Messages, options, request.Cancellation));
        request.Answer.Add(response.Messages);
        request.Complete();
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (await current(cancellationToken) is not { } steering)
        {
            await foreach (var update in base.GetStreamingResponseAsync(messages, options, cancellationToken))
            {
                yield return update;
            }

            yield break;
        }

        await using var request = await steering.BeginAsync(messages, cancellationToken);
        await using var updates = base.GetStreamingResponseAsync(request.Messages, options, request.Cancellation)
            .GetAsyncEnumerator(request.Cancellation);
        while (await request.WhileAsync(updates.MoveNextAsync().AsTask()))
        {
            request.Answer.Add(updates.Current);
            yield return updates.Current;
        }

        request.Complete();
    }
}
