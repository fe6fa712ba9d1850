using SessionMesh.Contracts.Agents;

namespace SessionMesh.Client.Membership;

/// <summary>
/// What an agent says of itself beside being alive. Every beat carries all of it, so that a mesh which has forgotten it, after a restart,
/// hears it again. Thread-safe; one waits at a time.
/// </summary>
internal sealed class VitalSigns(TimeProvider time)
{
    /// <summary>Between two beats, however often the agent reports.</summary>
    private static readonly TimeSpan s_shortestWait = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private HeartbeatRequest _said = new();
    private TaskCompletionSource _isNew = NewSignal();

    /// <summary>
    /// Says what the agent does, in a beat that does not wait until the next is due but follows the last by a second. What is null stays
    /// as it was said.
    /// </summary>
    public void Report(HeartbeatRequest vitals)
    {
        lock (_gate)
        {
            _said = new HeartbeatRequest
            {
                Activity = vitals.Activity ?? _said.Activity,
                Load = vitals.Load ?? _said.Load,
                Progress = vitals.Progress ?? _said.Progress,
                ProgressInterval = vitals.ProgressInterval ?? _said.ProgressInterval,
                Note = vitals.Note ?? _said.Note,
            };
            _isNew.TrySetResult();
        }
    }

    /// <summary>All that was said, for a beat.</summary>
    public HeartbeatRequest Take()
    {
        lock (_gate)
        {
            _isNew = _isNew.Task.IsCompleted ? NewSignal() : _isNew;
            return _said;
        }
    }

    /// <summary>Drops what the server would not take, unless other things were said meanwhile.</summary>
    public void Forget(HeartbeatRequest refused)
    {
        lock (_gate)
        {
            _said = ReferenceEquals(_said, refused) ? new() : _said;
        }
    }

    /// <summary>Waits until the next beat is due, or there is something to report.</summary>
    public async Task WaitAsync(TimeSpan due, CancellationToken cancellation)
    {
        Task isNew;
        lock (_gate)
        {
            isNew = _isNew.Task;
        }

        var began = time.GetTimestamp();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var next = Task.Delay(due, time, over.Token);
        if (await Task.WhenAny(next, isNew) == isNew && s_shortestWait - time.GetElapsedTime(began) is var early && early > TimeSpan.Zero)
        {
            await Task.WhenAny(next, Task.Delay(early, time, over.Token));
        }

        await over.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
