namespace SessionMesh.Server.Push;

/// <summary>
/// "Look again": set by many, waited for by one. A signal set while nobody waits is kept, and any number of them are one:
/// the state to look at is elsewhere, so nothing can be lost here. Thread-safe.
/// </summary>
public sealed class AsyncSignal
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes when set since the last <see cref="Reset"/>.</summary>
    public Task Task => Volatile.Read(ref _next).Task;

    public void Set() => Volatile.Read(ref _next).TrySetResult();

    /// <summary>Call before looking at the state, so that a change after the look is seen by the next wait.</summary>
    public void Reset()
    {
        var current = Volatile.Read(ref _next);
        if (current.Task.IsCompleted)
        {
            Volatile.Write(ref _next, New());
        }
    }

    /// <summary>True when it was set; false when the time was up.</summary>
    public async Task<bool> WaitAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        var set = Task;
        if (set.IsCompleted)
        {
            return true;
        }

        if (timeout <= TimeSpan.Zero)
        {
            return false;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var done = await Task.WhenAny(set, System.Threading.Tasks.Task.Delay(timeout, time, over.Token));
        await over.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
        return done == set;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
