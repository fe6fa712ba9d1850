using System.Runtime.InteropServices;

namespace SessionMesh.Server.Engine;

/// <summary>
/// The clocks of this machine: those of <see cref="TimeProvider.System"/> and, on 64-bit Linux, the one that keeps running during a
/// suspend.
/// </summary>
public sealed partial class MachineTime : TimeProvider, IBootTime
{
    public static readonly MachineTime Instance = new();

    /// <summary>CLOCK_BOOTTIME of Linux.</summary>
    private const int BootTime = 7;

    /// <summary>Asked once: a kernel without the clock never gets it.</summary>
    private static readonly bool s_known = OperatingSystem.IsLinux() && Environment.Is64BitProcess && GetTime(BootTime, out _) == 0;

    private MachineTime()
    {
    }

    public TimeSpan? Uptime => s_known && GetTime(BootTime, out var time) == 0
        ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
        : null;

    // Answered by the vDSO without entering the kernel: too short a call for a GC transition to be worth it.
    [SuppressGCTransition]
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Timespec time);

    /// <summary><c>struct timespec</c> of 64-bit Linux.</summary>
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

/// <summary>
/// How long the machine has been up, including the time it was suspended, from a <see cref="TimeProvider"/> that knows. On Linux the
/// monotonic clock stops during a suspend, so it cannot tell that time has passed.
/// </summary>
public interface IBootTime
{
    /// <summary>
    /// Never goes back, and keeps running while the machine is suspended. Null if it cannot be read; that does not change while the process
    /// runs.
    /// </summary>
    TimeSpan? Uptime { get; }
}
