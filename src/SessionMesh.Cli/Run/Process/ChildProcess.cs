namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// A process that we started and that only <see cref="ChildReaper"/> waits for. While it is not
/// <see cref="HasExited"/>, its id cannot have been given to another process. Thread-safe.
/// </summary>
internal sealed class ChildProcess
{
    private readonly TaskCompletionSource<ExitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Pulse _changed = new();
    private volatile int _stoppedBy;

    internal ChildProcess(int pid) => Pid = pid;

    /// <summary>Also the id of its process group.</summary>
    public int Pid { get; }

    /// <summary>Completes when it has ended and has been reaped.</summary>
    public Task<ExitStatus> Exited => _exited.Task;
    public bool HasExited => _exited.Task.IsCompleted;

    /// <summary>The signal that stopped it, 0 while it runs: as the kernel reported it, not as we wished.</summary>
    public int StoppedBy => _stoppedBy;

    /// <summary>Fires when it stops, continues or ends.</summary>
    public Pulse Changed => _changed;

    internal void MarkStopped(int signal)
    {
        _stoppedBy = signal;
        _changed.Fire();
    }

    internal void MarkContinued()
    {
        _stoppedBy = 0;
        _changed.Fire();
    }

    internal void MarkExited(ExitStatus status)
    {
        _stoppedBy = 0;
        _exited.TrySetResult(status);
        _changed.Fire();
    }
}
