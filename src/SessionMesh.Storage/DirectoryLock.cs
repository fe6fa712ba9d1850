namespace SessionMesh.Storage;

/// <summary>
/// Lets one process at a time work on a data directory, by a lock on a file in it. Disposing releases it, and so does the process's end.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="IOException">Somebody else holds it.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory belongs to another account.</exception>
    public static DirectoryLock Take(string directory)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = StoreFile.OwnerOnly;
        }

        return new(new FileStream(Path.Combine(directory, "lock"), options));
    }

    public void Dispose() => _file.Dispose();
}
