using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Settings;

/// <summary>What a path may name that is no regular file.</summary>
internal static unsafe partial class OddFile
{
    private const int AtCwd = -100;
    private const int NoFollow = 0x100;
    private const uint Type = 1;

    /// <summary>Where the kernel's <c>struct statx</c> has the mode, in halves of an int.</summary>
    private const int ModeIn = 14;
    private const int StatxShorts = 128;
    private const int TypeOfMode = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>
    /// Whether there is something that is no regular file, such as a pipe or a device: to open it may wait for somebody, and to read it may
    /// have no end. On Linux alone; elsewhere nothing is known to be.
    /// </summary>
    /// <param name="follow">Whether a link is what it leads to; else it is something else by itself.</param>
    public static bool Is(string path, bool follow)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        Span<ushort> found = stackalloc ushort[StatxShorts];
        fixed (ushort* start = found)
        {
            return Statx(AtCwd, path, follow ? 0 : NoFollow, Type, start) == 0 && (found[ModeIn] & TypeOfMode) != Regular;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ushort* into);
}
