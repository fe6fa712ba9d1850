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
