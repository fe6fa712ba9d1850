using System.Security.Cryptography;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Admin;

/// <summary>
/// Work on whole store files, one piece at a time, because each uses all the bandwidth of the disk. Its files are in a directory of their
/// own, and are deleted when the work ends. Thread-safe.
/// </summary>
public sealed class StoreWork(DataDirectory directory) : IDisposable
{
    /// <summary>Bytes that must stay free for the engine: four times its write-ahead log.</summary>
    private const long Spare = 64 << 20;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Takes the turn, or returns null if it is taken. Disposing of it deletes its file and releases it.</summary>
    public Turn? TryBegin() => _turn.Wait(0) ? new Turn(this) : null;

    public static MeshError InUse() =>
        new(ErrorKind.Conflict, ErrorCodes.StoreInUse,
            "A backup, a restore or a check is under way, and there is one at a time. Try again when it is done.");

    /// <summary>
    /// Null if the disk has room for that many bytes and a margin: a copy that filled the disk would block every change until it is
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

    /// <summary>Waits until no work is in progress.</summary>
    internal async Task IdleAsync()
    {
        await _turn.WaitAsync();
        _turn.Release();
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>The right to work, and the name of a file for it.</summary>
    public sealed class Turn : IDisposable
    {
        private readonly StoreWork _owner;

        internal Turn(StoreWork owner)
        {
            _owner = owner;
            File = Path.Combine(owner.Scratch(), RandomNumberGenerator.GetHexString(16, lowercase: true) + ".db");
        }

        /// <summary>The path; the file does not exist yet.</summary>
        public string File { get; }

        public void Dispose()
        {
            StoreFile.Delete(File);
            _owner._turn.Release();
        }
    }

    private string Scratch()
    {
        StoreDirectory.Create(directory.Scratch);
        return directory.Scratch;
    }
}
