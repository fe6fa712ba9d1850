using System.Runtime.InteropServices;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>Signals to processes that a test started, by their id.</summary>
internal static partial class Signal
{
    public const int Int = 2;
    public const int Kill = 9;
    public const int Term = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>A process that is gone already is no error.</summary>
    public static void Send(int pid, int signal) => _ = kill(pid, signal);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
