using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SessionMesh.Cli.Sessions.Export;

/// <summary>Tells files from devices and pipes, without opening them: to open a pipe is to wait for its other end.</summary>
internal static partial class FileKind
{
    private const int CurrentDirectory = -100;
    private const uint TypeWanted = 1;
    private const int ModeOffset = 28;
    private const int TypeBits = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>Follows links. Where the system cannot be asked, what is there counts as a file.</summary>
    public static unsafe bool IsRegular(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        var status = stackalloc byte[256];
        return Statx(CurrentDirectory, path, 0, TypeWanted, status) != 0
            || (BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(status + ModeOffset, 2)) & TypeBits) == Regular;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* status);
}
