using SessionMesh.Server.Options;
using SessionMesh.Storage;

namespace SessionMesh.Server.Store;

/// <summary>The data directory: mode 0700, and locked by one process at a time. Disposing gives it up.</summary>
public sealed class DataDirectory : IDisposable
{
    private string? _nextRootKeyFile;
    private readonly DirectoryLock _lock;
    private bool _isThrowaway;

    private DataDirectory(string path, DirectoryLock held) => (Path, _lock) = (path, held);

    public string Path { get; }
    public string Database => System.IO.Path.Combine(Path, StoreFile.Name);

    /// <summary>
    /// Most bytes that a copy of the store has: those of its file, and of the pages that are still in the log of SQLite beside it.
    /// </summary>
    public long DatabaseBytes => new[] { Database, Database + "-wal" }
        .Select(file => new FileInfo(file)).Sum(file => file.Exists ? file.Length : 0);

    /// <summary>For copies under way; emptied at each start.</summary>
    public string Scratch => System.IO.Path.Combine(Path, StoreFile.Scratch);
    /// <summary>In the directory, unless the operator says where.</summary>
    public string RootKeyFile { get; private init; } = "";

    /// <summary>Where the server listens while it runs, a URL a line: the tool sends the root key there and nowhere else.</summary>
    public string AddressFile => System.IO.Path.Combine(Path, "root.address");

    /// <exception cref="StartupException">
    /// It cannot be created, is not a directory, is somebody else's, or another process holds it.
    /// </exception>
    /// <param name="rootKeyFile">Where the root key is kept; null for <c>root.key</c> in the directory.</param>
    /// <param name="node">Who shares that file with others, under which name; null for nobody.</param>
    public static DataDirectory Open(string path, string? rootKeyFile = null, string? node = null)
    {
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(path))
        {
            throw Unusable(path, $"{path} is a file");
        }

        try
        {
            if (StoreDirectory.Claim(path) is { } why)
            {
                throw new StartupException($"The directory {path} {why}. Nothing in it was changed. "
                    + $"Name one that is not there yet, such as --data {System.IO.Path.Combine(path, "session-mesh")}.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, e is DirectoryNotFoundException ? "no directory can be made there" : FileWords.Of(e), e);
        }

        try
        {
            var file = System.IO.Path.GetFullPath(rootKeyFile ?? System.IO.Path.Combine(path, "root.key"));
            var next = node is null ? null : $"{file}.{node}.new";
            return new DataDirectory(path, DirectoryLock.Take(path)) { RootKeyFile = file, _nextRootKeyFile = next }.Prepared();
        }
        catch (IOException e) when (FileWords.IsInUse(e))
        {
            throw new StartupException(
                $"Another server holds the data directory {path}. "
                + "Stop it, or choose another directory with --data DIR and another port with --urls.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path, FileWords.Of(e), e);
        }
    }

    /// <summary>
    /// Opens a directory that is deleted, with all that is in it, when it is given up. One in which a store waits for a restart is kept.
    /// </summary>
    /// <exception cref="StartupException">There is something in it already; or as <see cref="Open"/>.</exception>
    public static DataDirectory OpenThrowaway(string path, SandboxOptions sandbox)
    {
        path = System.IO.Path.GetFullPath(path);
        if (!sandbox.IsContinued && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
        {
            throw new StartupException($"The directory {path} is not empty, and a sandbox throws away what it has at its end. "
                + $"Nothing in it was changed. Name one that is not there yet with --data DIR, or leave {sandbox.DataSource} out.");
        }

        if (new DirectoryInfo(path).LinkTarget is { } target)
        {
            throw new StartupException($"{path} is a link, and what it leads to would be left behind. Name the directory itself with "
                + $"--data DIR, such as {target}, or leave {sandbox.DataSource} out.");
        }

        var directory = Open(path);
        directory._isThrowaway = true;
        return directory;
    }

    private static StartupException Unusable(string path, string why, Exception? cause = null) =>
        new($"The data directory {path} cannot be used: {why}. Choose another with --data DIR.", cause);

    /// <summary>If this start put a restored store in place, the new name of the one before, empty if there was none; else null.</summary>
    public string? SetAside { get; private set; }

    /// <summary>Closes it to other accounts, deletes what a killed process left behind, and puts a staged store in place.</summary>
    private DataDirectory Prepared()
    {
        try
        {
            StoreDirectory.Close(Path);
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
            throw Unusable(Path, FileWords.Of(e), e);
        }
    }

    private string NextRootKeyFile => _nextRootKeyFile ?? RootKeyFile + ".new";

    /// <summary>
    /// Writes the next root key beside the present one, readable by its owner alone, and syncs it. Call it before the hash goes into the
    /// store: after a crash at any moment one of the two files opens the mesh, and the next start puts the right one in place.
    /// </summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void WriteNextRootKey(string token)
    {
        File.Delete(NextRootKeyFile); // an existing file would keep its mode
        using (var file = StoreFile.CreatePrivate(NextRootKeyFile))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(token + "\n"));
            file.Flush(flushToDisk: true);
        }

        StoreFile.SyncDirectory(System.IO.Path.GetDirectoryName(RootKeyFile)!);
    }

    /// <summary>What <see cref="WriteNextRootKey"/> wrote; null once it is in place or dropped.</summary>
    public string? NextRootKey => File.Exists(NextRootKeyFile) ? File.ReadAllText(NextRootKeyFile).Trim() : null;

    /// <summary>Makes the next root key the root key.</summary>
    public void PutNextRootKeyInPlace()
    {
        File.Move(NextRootKeyFile, RootKeyFile, overwrite: true);
        StoreFile.SyncDirectory(System.IO.Path.GetDirectoryName(RootKeyFile)!);
    }

    /// <summary>Deletes a next root key that never became valid.</summary>
    public void DropNextRootKey() => File.Delete(NextRootKeyFile);

    /// <summary>Writes <see cref="AddressFile"/>. Call it once the addresses are bound: before, another process may hold them.</summary>
    public void WriteAddresses(IEnumerable<string> urls)
    {
        var draft = AddressFile + ".new";
        File.Delete(draft);
        using (var file = StoreFile.CreatePrivate(draft))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(string.Concat(urls.Select(url => url + "\n"))));
        }

        File.Move(draft, AddressFile, overwrite: true);
    }

    /// <summary>Deletes <see cref="AddressFile"/>.</summary>
    public void ForgetAddresses() => File.Delete(AddressFile);

    public void Dispose()
    {
        if (_isThrowaway && !StoreSwap.IsStaged(Path))
        {
            Delete();
        }

        _lock.Dispose();
    }

    /// <summary>What cannot be deleted stays: a mount point, once it is empty, or what another account put there.</summary>
    private void Delete()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process ends, and nobody waits for it.
        }
    }
}
