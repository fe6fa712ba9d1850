using SessionMesh.Server.Options;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store;

/// <summary>
/// The data directory: mode 0700, and held by one process at a time through a lock on a file in it. Disposing gives it up.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private readonly DirectoryLock _lock;

    private DataDirectory(string path, DirectoryLock held) => (Path, _lock) = (path, held);

    public string Path { get; }
    public string Database => System.IO.Path.Combine(Path, StoreFile.Name);

    /// <summary>For copies under way. Emptied at each start.</summary>
    public string Scratch => System.IO.Path.Combine(Path, StoreFile.Scratch);
    public string RootKeyFile => System.IO.Path.Combine(Path, "root.key");

    /// <exception cref="StartupException">It cannot be made, is not a directory, or another process holds it.</exception>
    public static DataDirectory Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The data directory {path} cannot be used: {e.Message} Choose another with --data DIR.", e);
        }

        try
        {
            return new DataDirectory(path, DirectoryLock.Take(path)).Prepared();
        }
        catch (IOException e)
        {
            throw new StartupException($"Another server holds the data directory {path}. Stop it, or choose another directory with --data DIR and another port with --urls.", e);
        }
    }

    /// <summary>Name that the store before got, if this start has put another in its place; empty if there was none.</summary>
    public string? SetAside { get; private set; }

    /// <summary>Clears away what a process left that was killed, and puts a store in place that waits for it.</summary>
    private DataDirectory Prepared()
    {
        try
        {
            if (Directory.Exists(Scratch))
            {
                Directory.Delete(Scratch, recursive: true);
            }

            SetAside = StoreSwap.Apply(Path);
            return this;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw new StartupException($"The data directory {Path} cannot be made ready: {e.Message}", e);
        }
    }

    private string NextRootKeyFile => RootKeyFile + ".new";

    /// <summary>
    /// Writes the next root key beside the present one, for its owner alone, and forces it to the disk. It is to be there before its hash
    /// is in the store: after a crash at any moment the one file or the other opens the mesh, and the next start puts the right one in
    /// place.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void WriteNextRootKey(string token)
    {
        File.Delete(NextRootKeyFile); // one that is there keeps the mode it has
        using (var file = StoreFile.CreatePrivate(NextRootKeyFile))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(token + "\n"));
            file.Flush(flushToDisk: true);
        }

        StoreFile.SyncDirectory(Path);
    }

    /// <summary>What <see cref="WriteNextRootKey"/> wrote; null when it is in place, or was dropped.</summary>
    public string? NextRootKey => File.Exists(NextRootKeyFile) ? File.ReadAllText(NextRootKeyFile).Trim() : null;

    /// <summary>The next root key becomes the root key.</summary>
    public void PutNextRootKeyInPlace()
    {
        File.Move(NextRootKeyFile, RootKeyFile, overwrite: true);
        StoreFile.SyncDirectory(Path);
    }

    /// <summary>The next root key never became valid.</summary>
    public void DropNextRootKey() => File.Delete(NextRootKeyFile);

    public void Dispose() => _lock.Dispose();
}
