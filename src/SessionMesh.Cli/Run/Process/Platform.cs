namespace SessionMesh.Cli.Run.Process;

/// <summary>
/// What differs between the systems that <c>run</c> supports. Numbers are those of the system's own headers: Linux's
/// hold for glibc and musl, on x64 and arm64.
/// </summary>
internal static class Platform
{
    public static bool IsLinux { get; } = OperatingSystem.IsLinux();
    public static bool IsMacOS { get; } = OperatingSystem.IsMacOS();

    /// <summary>Whether processes can be supervised at all; elsewhere <c>run</c> ends with 125.</summary>
    public static bool IsSupported => IsLinux || IsMacOS;

    /// <summary>
    /// Whether descendants that left the process group are found and ended too. On macOS only the group is known:
    /// there is no subreaper, so a process that made a session of its own is out of reach.
    /// </summary>
    public static bool TracksDescendants => IsLinux;

    // posix_spawn flags
    public const short SpawnSetPgroup = 0x02;
    public const short SpawnSetSigDef = 0x04;
    public const short SpawnSetSigMask = 0x08;
    public static short SpawnSetSid { get; } = IsMacOS ? (short)0x400 : (short)0x80;

    // waitid
    public const int PAll = 0;
    public const int PPid = 1;
    public const int WaitNoHang = 1;
    public const int WaitExited = 4;
    public static int WaitStopped { get; } = IsMacOS ? 0x08 : 0x02;
    public static int WaitContinued { get; } = IsMacOS ? 0x10 : 0x08;
    public static int WaitNoWait { get; } = IsMacOS ? 0x20 : 0x01000000;

    // siginfo_t of SIGCHLD: offsets in bytes
    public const int SiginfoCode = 8;
    public static int SiginfoPid { get; } = IsMacOS ? 12 : 16;
    public static int SiginfoStatus { get; } = IsMacOS ? 20 : 24;
    public const int SiginfoSize = 128;

    // si_code of SIGCHLD
    public const int ChildExited = 1;
    public const int ChildKilled = 2;
    public const int ChildDumped = 3;
    public const int ChildStopped = 5;
    public const int ChildContinued = 6;

    // errno
    public const int ENOENT = 2;
    public const int ESRCH = 3;
    public const int EINTR = 4;
    public const int ECHILD = 10;
    public const int ENOMEM = 12;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public static int EAGAIN { get; } = IsMacOS ? 35 : 11;
    public const int EPIPE = 32;

    // poll
    public const short PollIn = 1;
    public const short PollOut = 4;

    // fcntl
    public const int FSetFd = 2;
    public const int FGetFl = 3;
    public const int FSetFl = 4;
    public const int FdCloexec = 1;
    public const int FSetPipeSize = 1031;
    public static int OpenNonBlock { get; } = IsMacOS ? 0x4 : 0x800;
    public static int OpenCloexec { get; } = IsMacOS ? 0x1000000 : 0x80000;
    public const int OpenReadWrite = 2;

    // prctl and bare system calls, Linux alone
    public const int PrSetChildSubreaper = 36;
    public const long SysPidfdSendSignal = 424;
    public const long SysPidfdOpen = 434;
}
