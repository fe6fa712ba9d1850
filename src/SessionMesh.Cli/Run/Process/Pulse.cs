namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// "Something changed": wakes everyone who waits. Take <see cref="Next"/> before looking at the state, then await it;
/// otherwise a change between the two is slept through. Thread-safe.
/// </summary>
internal sealed class Pulse
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Next => Volatile.Read(ref _next).Task;

    public void Fire() =>
        Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
