using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SessionMesh.Storage;

/// <summary>Whose a file or a directory is.</summary>
internal static partial class FileOwner
{
    private const int CurrentDirectory = -100;
    private const uint OwnerWanted = 8;
    private const int OwnerOffset = 20;

    /// <summary>Whether it belongs to another account than this process acts as. False where the system cannot be asked.</summary>
    public static unsafe bool IsAnother(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var status = stackalloc byte[256];
        return Statx(CurrentDirectory, path, 0, OwnerWanted, status) == 0
            && BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(status + OwnerOffset, sizeof(uint))) != Geteuid();
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint Geteuid();
}
