using System.Security.Cryptography;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Admin;

/// <summary>
/// Work on whole files: one piece at a time, since each reads or writes as much as the disk gives. Files under way are in a directory of
/// their own, and gone when the work is. Thread-safe.
/// </summary>
public sealed class StoreWork(DataDirectory directory) : IDisposable
{
    /// <summary>Bytes that the engine is left with: four times its write-ahead log.</summary>
    private const long Spare = 64 << 20;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>The turn, or null while somebody else has it. Dispose of it to give it back; its file goes with it.</summary>
    public Turn? TryBegin() => _turn.Wait(0) ? new Turn(this) : null;

    public static MeshError InUse() =>
        new(ErrorKind.Conflict, ErrorCodes.StoreInUse,
            "A backup, a restore or a check is under way, and there is one at a time. Try again when it is done.");

    /// <summary>
    /// Null while the disk has room for so many bytes more and then some: a copy that filled it would stop every change until it is
    /// removed.
    /// </summary>
    public MeshError? CheckRoom(long bytes)
    {
        var free = new DriveInfo(directory.Path).AvailableFreeSpace;
        return free - bytes >= Spare
            ? null
            : new MeshError(ErrorKind.DiskFull, ErrorCodes.DiskFull,
                $"The server's disk has {free >> 20} MiB free, and this takes {bytes >> 20} MiB and {Spare >> 20} MiB to spare. Nothing "
                + "was changed; free some and try again.");
    }

    /// <summary>Waits until nothing is under way.</summary>
    internal async Task IdleAsync()
    {
        await _turn.WaitAsync();
        _turn.Release();
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>The right to work, and a name for a file.</summary>
    public sealed class Turn : IDisposable
    {
        private readonly StoreWork _owner;

        internal Turn(StoreWork owner)
        {
            _owner = owner;
            File = Path.Combine(owner.Scratch(), RandomNumberGenerator.GetHexString(16, lowercase: true) + ".db");
        }

        /// <summary>Not there yet.</summary>
        public string File { get; }

        public void Dispose()
        {
            StoreFile.Delete(File);
            _owner._turn.Release();
        }
    }

    private string Scratch()
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory.Scratch);
        }
        else
        {
            Directory.CreateDirectory(directory.Scratch, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return directory.Scratch;
    }
}
