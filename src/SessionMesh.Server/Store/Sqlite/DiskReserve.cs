using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// Room that is kept back on the disk of the data directory, so that on a full one agents can still be stopped and keys be revoked: a
/// file of real blocks that is removed when it is needed and made anew when there is room. The engine's thread alone, but for what says
/// so.
/// </summary>
/// <remarks>
/// Kept (the file is there) → in use (a commit found the disk full) → kept (there is room for the file, and as much again). What is
/// left of it in use is never refilled in between, and a start on a disk that has no room for the file begins in use: a restart gives
/// nobody the rest to spend.
/// </remarks>
public sealed partial class DiskReserve
{
    /// <summary>
    /// Bytes: a kill writes five pages of 4 KiB, so a hundred and more one by one, and thousands in one call, whose changes share pages.
    /// </summary>
    public const long Size = 4 << 20;

    /// <summary>
    /// Bytes that must be free beside it before it is made again, so that it is not taken from room which the next minute fills.
    /// </summary>
    public const long Margin = 4 << 20;

    public const string Name = "reserve";

    private const int NotSupported = 95; // EOPNOTSUPP
    private const int Interrupted = 4;   // EINTR
    private const int Invalid = 22;      // EINVAL, from file systems that do not know it either

    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(1);

    private readonly string _directory;
    private readonly string _path;
    private readonly TimeProvider _time;
    private long _lookedAt;
    private volatile bool _inUse;

    public DiskReserve(string directory, TimeProvider time)
    {
        (_directory, _path, _time, _lookedAt) = (directory, Path.Combine(directory, Name), time, time.GetTimestamp());
        _inUse = !TryMake();
    }

    /// <summary>Whether it is spent, or being spent. For any thread.</summary>
    public bool IsInUse => _inUse;

    /// <summary>Gives its room back to the disk. From now on it is in use.</summary>
    public void Release()
    {
        _lookedAt = _time.GetTimestamp();
        _inUse = true;
        Remove();
    }

    /// <summary>Makes it anew if there is room again; looks once a second at most. True when it is kept from now on.</summary>
    public bool TryRestore()
    {
        if (_time.GetElapsedTime(_lookedAt) < s_between)
        {
            return false;
        }

        _lookedAt = _time.GetTimestamp();
        if (FreeBytes() < Size + Margin || !TryMake())
        {
            return false;
        }

        _inUse = false;
        return true;
    }

    /// <summary>Bytes that the disk has for us. For any thread.</summary>
    public long FreeBytes() => new DriveInfo(_directory).AvailableFreeSpace;

    /// <summary>Makes a file longer by blocks that are real; false, and as it was, where there is no room.</summary>
    internal static bool TryExtend(string path, long bytes)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            Allocate(file, RandomAccess.GetLength(file), bytes);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private bool TryMake()
    {
        try
        {
            if (!File.Exists(_path))
            {
                StoreFile.CreatePrivate(_path).Dispose();
            }

            using var file = File.OpenHandle(_path, FileMode.Open, FileAccess.Write);
            Allocate(file, 0, Size); // of one that is there already, too: a copy may have left holes in it
            RandomAccess.FlushToDisk(file);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove();
            return false;
        }
    }

    private void Remove()
    {
        try
        {
            File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays, and what it holds with it.
        }
    }

    /// <exception cref="IOException">There is no room.</exception>
    private static void Allocate(SafeFileHandle file, long offset, long bytes)
    {
        var error = NotSupported;
        while (OperatingSystem.IsLinux() && (error = Allocate(file, (nint)offset, (nint)bytes)) == Interrupted)
        {
        }

        if (error is not (0 or NotSupported or Invalid))
        {
            throw new IOException(Marshal.GetPInvokeErrorMessage(error));
        }

        if (error != 0)
        {
            Fill(file, offset, bytes);
        }
    }

    /// <summary>Writes what no file system can compress or leave out.</summary>
    private static void Fill(SafeFileHandle file, long offset, long bytes)
    {
        var piece = new byte[64 * 1024];
        for (var at = Math.Max(offset, RandomAccess.GetLength(file)); at < offset + bytes; at += piece.Length)
        {
            Random.Shared.NextBytes(piece);
            RandomAccess.Write(file, piece.AsSpan(0, (int)Math.Min(piece.Length, offset + bytes - at)), at);
        }
    }

    /// <summary>Returns an error number; 0 when every block is there.</summary>
    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(SafeFileHandle file, nint offset, nint length);
}
