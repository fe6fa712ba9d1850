namespace SessionMesh.Cli.Run.Process;

/// <summary>A process and all that came of it, as far as it is stopped, continued and asked after. Thread-safe.</summary>
internal interface ISupervised
{
    int Pid { get; }

    /// <summary>Whether the process itself has ended.</summary>
    bool HasExited { get; }

    /// <summary>Stops every process. Returns how many were still running when the bound was reached: 0 is the proof.</summary>
    Task<int> PauseAsync(CancellationToken cancellation = default);

    /// <summary>Continues every process. Returns how many were still stopped when the bound was reached.</summary>
    Task<int> ResumeAsync(CancellationToken cancellation = default);

    /// <summary>Leaves a child of ours (a steer handler) out of pausing and of graceful stopping.</summary>
    IDisposable Exempt(ChildProcess helper);
}
