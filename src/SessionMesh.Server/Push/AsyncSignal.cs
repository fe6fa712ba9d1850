namespace SessionMesh.Server.Push;

/// <summary>
/// A signal to look again: set by many, awaited by one. A signal set while nobody waits is kept, and several count as one. Nothing is lost,
/// because the state itself is elsewhere. Thread-safe.
/// </summary>
public sealed class AsyncSignal
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes once set after the last <see cref="Reset"/>.</summary>
    public Task Task => Volatile.Read(ref _next).Task;

    public void Set() => Volatile.Read(ref _next).TrySetResult();

    /// <summary>Call it before reading the state: a change after that read then completes the next wait.</summary>
    public void Reset()
    {
        var current = Volatile.Read(ref _next);
        if (current.Task.IsCompleted)
        {
            Volatile.Write(ref _next, New());
        }
    }

    /// <summary>True if the signal was set; false if the time is up.</summary>
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
