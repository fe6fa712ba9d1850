using System.Runtime.InteropServices;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Attach;

/// <summary>
/// A process that is not ours, held by a handle of the kernel (a pidfd): a signal reaches that process or nobody, whoever gets its id
/// later. Linux 5.3 or newer. Thread-safe.
/// </summary>
internal sealed class HeldProcess : IDisposable
{
    private const int Closed = -1;

    /// <summary>How often the thread that waits for the end looks whether it is still to wait, milliseconds.</summary>
    private const int Look = 1000;

    private readonly Lock _gate = new();
    private int _handle;

    private HeldProcess(int handle, ProcEntry seen) => (_handle, Seen) = (handle, seen);

    /// <summary>The process as it was when it was opened.</summary>
    public ProcEntry Seen { get; }

    public int Pid => Seen.Pid;

    /// <summary>Whether it has ended: it runs nothing, though its parent may not have noticed yet.</summary>
    public bool HasExited
    {
        get
        {
            lock (_gate)
            {
                return _handle == Closed || IsReadable(_handle, wait: 0);
            }
        }
    }

    /// <summary>
    /// Null where it is gone, has ended, or is another process than the one that was seen; also where it could not be looked at, see
    /// <see cref="ProcFs.Misses"/>.
    /// </summary>
    /// <param name="startTime">When the process that is meant began; null where the id alone is known.</param>
    public static HeldProcess? Open(int pid, ulong? startTime = null)
    {
        var handle = (int)Native.Syscall((nint)Platform.SysPidfdOpen, pid, 0, 0, 0);
        if (handle < 0)
        {
            ProcFs.NoteMiss(Marshal.GetLastPInvokeError());
            return null;
        }

        // Whoever is alive by the handle after it was looked at is the one that was looked at: nobody got its id in between.
        if (ProcFs.Read(pid) is { } seen && !ProcFs.IsGone(pid) && (startTime is null || seen.StartTime == startTime)
            && !IsReadable(handle, wait: 0))
        {
            return new HeldProcess(handle, seen);
        }

        _ = Native.Close(handle);
        return null;
    }

    /// <summary>False when it has ended.</summary>
    public bool Signal(int signal)
    {
        lock (_gate)
        {
            return _handle != Closed && Native.Syscall((nint)Platform.SysPidfdSendSignal, _handle, signal, 0, 0) == 0;
        }
    }

    /// <summary>As it is now; null when it has ended.</summary>
    public ProcEntry? Read() => !HasExited && ProcFs.Read(Pid) is { } now && now.StartTime == Seen.StartTime ? now : null;

    /// <summary>Completes at once when it ends; never, when this is disposed before.</summary>
    public Task ExitAsync()
    {
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = new Thread(() =>
        {
            while (Volatile.Read(ref _handle) is var handle and not Closed)
            {
                if (IsReadable(handle, Look))
                {
                    exited.SetResult();
                    return;
                }
            }
        })
        {
            IsBackground = true,
            Name = "end of process",
        };
        waiting.Start();
        return exited.Task;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_handle != Closed)
            {
                _ = Native.Close(_handle);
                _handle = Closed;
            }
        }
    }

    /// <summary>A handle is readable once its process has ended.</summary>
    private static unsafe bool IsReadable(int handle, int wait)
    {
        var entry = new PollEntry { Descriptor = handle, Wanted = Platform.PollIn };
        return Native.Poll(&entry, 1, wait) > 0;
    }
}
