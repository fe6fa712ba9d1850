using System.Runtime.InteropServices;

namespace SessionMesh.Server.Engine;

/// <summary>
/// This machine's clocks: those of <see cref="TimeProvider.System"/>, and on 64-bit Linux the one that goes on while it is suspended.
/// </summary>
public sealed partial class MachineTime : TimeProvider, IBootTime
{
    public static readonly MachineTime Instance = new();

    /// <summary>CLOCK_BOOTTIME of Linux.</summary>
    private const int BootTime = 7;

    /// <summary>A kernel that lacks the clock says so each time, so once is enough to ask.</summary>
    private static readonly bool s_known = OperatingSystem.IsLinux() && Environment.Is64BitProcess && GetTime(BootTime, out _) == 0;

    private MachineTime()
    {
    }

    public TimeSpan? Uptime => s_known && GetTime(BootTime, out var time) == 0
        ? new TimeSpan((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / TimeSpan.NanosecondsPerTick))
        : null;

    // Answered without entering the kernel, so that the collector need not be told.
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
/// What a <see cref="TimeProvider"/> may know beside its two clocks: how long the machine has been up, suspended or not. On Linux the
/// monotonic clock stands still while a machine is suspended, so that it alone cannot tell that time has passed.
/// </summary>
public interface IBootTime
{
    /// <summary>
    /// Never goes back, and goes on while the machine is suspended. Null where it cannot be read; that never changes while the process
    /// runs.
    /// </summary>
    TimeSpan? Uptime { get; }
}
