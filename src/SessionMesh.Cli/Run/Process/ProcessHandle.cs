namespace SessionMesh.Cli.Run.Process;

/// <summary>Reaches a process that is not, or not surely, a child of ours: its id alone proves nothing.</summary>
internal static class ProcessHandle
{
    /// <summary>
    /// Signals one process by a handle, after making sure that the handle is of the process that was seen: its id may
    /// have been given to a stranger since. Does nothing when it is gone.
    /// </summary>
    public static void Signal(ProcEntry seen, int signal)
    {
        var handle = (int)Native.Syscall((nint)Platform.SysPidfdOpen, seen.Pid, 0, 0, 0);
        if (ProcFs.Read(seen.Pid) is { } now && now.StartTime == seen.StartTime)
        {
            // Without handles (a kernel before 5.3) the check just made is all there is.
            if (handle < 0)
            {
                _ = Native.Kill(seen.Pid, signal);
            }
            else
            {
                _ = Native.Syscall((nint)Platform.SysPidfdSendSignal, handle, signal, 0, 0);
            }
        }

        if (handle >= 0)
        {
            _ = Native.Close(handle);
        }
    }
}
