using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace SessionMesh.Extensions.AI.Tests.Support;

/// <summary>A model that answers by a script, a step a request, and keeps what it was asked with. Past the last step it says
/// "done".</summary>
internal sealed class Model(params Func<CancellationToken, Task<ChatMessage>>[] steps) : IChatClient
{
    private readonly Lock _gate = new();
    private readonly List<List<ChatMessage>> _requests = [];

    /// <summary>What a stream waits for after its first piece.</summary>
    public Task? MidStream { get; init; }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _requests.Count;
            }
        }
    }

    public static Func<CancellationToken, Task<ChatMessage>> Says(string text) =>
        _ => Task.FromResult(new ChatMessage(ChatRole.Assistant, text) { MessageId = "m-" + text });

    /// <summary>Calls for functions, each without arguments.</summary>
    public static Func<CancellationToken, Task<ChatMessage>> Calls(params string[] functions) => _ =>
        Task.FromResult(new ChatMessage(
            ChatRole.Assistant,
            [.. functions.Select((name, i) => new FunctionCallContent($"{name}-{i}", name, new Dictionary<string, object?>()))]));

    public static Func<CancellationToken, Task<ChatMessage>> Fails(string why) => _ => throw new InvalidOperationException(why);

    public static Func<CancellationToken, Task<ChatMessage>> Hangs() => async cancellation =>
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        throw new InvalidOperationException("not reached");
    };

    /// <summary>Answers once that has happened.</summary>
    public static Func<CancellationToken, Task<ChatMessage>> After(Task happened, Func<CancellationToken, Task<ChatMessage>> step) =>
        async cancellation =>
        {
            await happened.WaitAsync(cancellation);
            return await step(cancellation);
        };

    /// <summary>What it was asked with at that time, a line a message: its role, and its text or what it calls or brings.</summary>
    public List<string> Request(int number)
    {
        lock (_gate)
        {
            return [.. _requests[number].Select(Line)];
        }
    }

    public Task IsAskedAsync(int times) => Eventually.True(() => Count >= times, () => $"the model is asked {times} times: {Count}");

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        new(await AskAsync(messages, cancellationToken));

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var answer = await AskAsync(messages, cancellationToken);
        yield return new ChatResponseUpdate(ChatRole.Assistant, (IList<AIContent>)[]) { MessageId = answer.MessageId };
        await (MidStream ?? Task.CompletedTask).WaitAsync(cancellationToken);
        yield return new ChatResponseUpdate(ChatRole.Assistant, answer.Contents) { MessageId = answer.MessageId };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("scripted") : null;

    public void Dispose()
    {
    }

    private static string Line(ChatMessage message)
    {
        var contents = message.Contents.Select(content => content switch
        {
            FunctionCallContent call => "calls " + call.Name,
            FunctionResultContent result => "brings " + result.Result,
            _ => content.ToString(),
        });
        return $"{message.Role}: {string.Join(", ", contents)}";
    }

    private Task<ChatMessage> AskAsync(IEnumerable<ChatMessage> messages, CancellationToken cancellation)
    {
        int number;
        lock (_gate)
        {
            number = _requests.Count;
            _requests.Add([.. messages]);
        }

        return (number < steps.Length ? steps[number] : Says("done"))(cancellation);
    }
}
