namespace SessionMesh.Storage;

/// <summary>One process at a time works on a data directory: a lock on a file in it. Disposing gives it up, and so does the end of the process.</summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="IOException">Somebody else holds it.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory belongs to another account.</exception>
    public static DirectoryLock Take(string directory) =>
        new(new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));

    public void Dispose() => _file.Dispose();
}
