using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store.Sqlite;

/// <summary>
/// Room reserved on the disk of the data directory, so that agents can still be stopped and keys revoked when it is full: a file of real
/// blocks that is deleted when they are needed and written again when there is room. The engine's thread alone, except where noted.
/// </summary>
/// <remarks>
/// Kept (the file is there) → in use (a commit found the disk full) → kept (there is room for the file, and as much again). While in use
/// it is never refilled. A start on a disk without room for the file begins in use, so that a restart does not release the rest.
/// </remarks>
public sealed partial class DiskReserve
{
    /// <summary>
    /// Bytes. A kill writes five pages of 4 KiB: this is room for more than a hundred one by one, or for thousands in one call, which share
    /// pages.
    /// </summary>
    public const long Size = 4 << 20;

    /// <summary>
    /// Bytes that must be free beside it before it is written again, so that it does not take room that is full again in a minute.
    /// </summary>
    public const long Margin = 4 << 20;

    public const string Name = "reserve";

    private const int NotSupported = 95; // EOPNOTSUPP
    private const int Interrupted = 4;   // EINTR
    private const int Invalid = 22;      // EINVAL, which some file systems return instead

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

    /// <summary>Whether its room is given back, and used or used up. For any thread.</summary>
    public bool IsInUse => _inUse;

    /// <summary>Gives its room back to the disk; it is then in use.</summary>
    public void Release()
    {
        _lookedAt = _time.GetTimestamp();
        _inUse = true;
        Remove();
    }

    /// <summary>Writes it again if there is room; checks once a second at most. True if it is kept again.</summary>
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

    /// <summary>Bytes on the disk that this process may use. For any thread.</summary>
    public long FreeBytes() => new DriveInfo(_directory).AvailableFreeSpace;

    /// <summary>Extends a file by real blocks; false, and unchanged, if there is no room.</summary>
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
            Allocate(file, 0, Size); // also if it exists: a copy of it may have holes
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
            // It stays, and keeps its room.
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

    /// <summary>Writes data that a file system can neither compress nor skip.</summary>
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
