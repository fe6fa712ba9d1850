using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Hooks.Editing;

/// <summary>Whose a file is, where that is more than "whoever wrote it": an account may edit a file that another one owns.</summary>
internal static unsafe partial class KeptOwner
{
    private const int AtCwd = -100;
    private const uint OwnerAndGroup = 0x18;

    /// <summary>Where the kernel's <c>struct statx</c> has the user id; the group id follows.</summary>
    private const int UserIn = 5;
    private const int StatxInts = 64;

    /// <summary>Gives a file to whom another one belongs.</summary>
    /// <returns>False where that is not allowed.</returns>
    public static bool Keep(string of, string to)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        Span<uint> was = stackalloc uint[StatxInts];
        Span<uint> now = stackalloc uint[StatxInts];
        return !Read(of, was) || !Read(to, now) || was.Slice(UserIn, 2).SequenceEqual(now.Slice(UserIn, 2))
            || Chown(to, was[UserIn], was[UserIn + 1]) == 0;
    }

    private static bool Read(string path, Span<uint> into)
    {
        fixed (uint* start = into)
        {
            return Statx(AtCwd, path, 0, OwnerAndGroup, start) == 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, uint* into);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);
}
