using Microsoft.Extensions.AI;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// One request to a model. Disposed of without having been completed it was not answered: its steers go with the next one.
/// </summary>
internal sealed class ModelRequest : IAsyncDisposable
{
    private readonly ModelSteering _steering;
    private readonly CancellationTokenSource _either;
    private readonly CancellationToken _caller;
    private bool _isComplete;

    public ModelRequest(
        ModelSteering steering, IReadOnlyList<Directive> steers, IReadOnlyList<ChatMessage> words, IReadOnlyList<ChatMessage> messages,
        CancellationToken cancellation)
    {
        (_steering, _caller, Steers, Words, Messages) = (steering, cancellation, steers, words, messages);
        _either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, steering.Agent.Stopping);
        Cancellation = _either.Token;
    }

    public IReadOnlyList<Directive> Steers { get; }

    /// <summary>The messages that say <see cref="Steers"/>.</summary>
    public IReadOnlyList<ChatMessage> Words { get; }

    /// <summary>All that the model is asked with.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>The caller's, or the agent's stop.</summary>
    public CancellationToken Cancellation { get; }

    public ModelAnswer Answer { get; } = new();

    /// <summary>Waits for the model. What comes of cancelling it for a stop is the stop, whatever the client within makes of it.</summary>
    public async Task<T> WhileAsync<T>(Task<T> asking)
    {
        try
        {
            return await asking;
        }
        catch (Exception e) when (_steering.Agent.Stopping.IsCancellationRequested && !_caller.IsCancellationRequested)
        {
            throw _steering.Stopped(e);
        }
    }

    /// <summary>The model has answered, and <see cref="Answer"/> is whole.</summary>
    /// <exception cref="OperationCanceledException">The agent was told to stop meanwhile, and the model calls for functions.</exception>
    public void Complete()
    {
        _isComplete = true;
        _steering.Answered(this);
    }

    public async ValueTask DisposeAsync()
    {
        _either.Dispose();
        if (!_isComplete)
        {
            _steering.Agent.GiveBack(Steers);
        }

        await _steering.LeaveAsync();
    }
}

/// <summary>What is remembered of an answer: what the model called for, and by what its messages are known again.</summary>
internal sealed class ModelAnswer
{
    private readonly HashSet<object> _marks = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _ids = [];

    public List<FunctionCallContent> Calls { get; } = [];

    /// <summary>Whether a message of a later request could be known again.</summary>
    public bool IsKnownAgain => _marks.Count + _ids.Count > 0;

    public void Add(IEnumerable<ChatMessage> messages)
    {
        foreach (var message in messages)
        {
            _marks.Add(message);
            Add(message.MessageId, message.Contents);
        }
    }

    public void Add(ChatResponseUpdate update) => Add(update.MessageId, update.Contents);

    /// <summary>Whether that message, or a copy of it, is of this answer.</summary>
    public bool Has(ChatMessage message) =>
        message.Role == ChatRole.Assistant
        && (_marks.Contains(message)
            || (message.MessageId is { } id && _ids.Contains("message " + id))
            || message.Contents.OfType<FunctionCallContent>().Any(call => _ids.Contains("call " + call.CallId)));

    private void Add(string? messageId, IEnumerable<AIContent> contents)
    {
        if (!string.IsNullOrEmpty(messageId))
        {
            _ids.Add("message " + messageId);
        }

        foreach (var call in contents.OfType<FunctionCallContent>())
        {
            Calls.Add(call);
            _ids.Add("call " + call.CallId);
        }
    }
}
