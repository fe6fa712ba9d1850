using System.CommandLine;
using SessionMesh.Cli.Hosting;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Admin;

/// <summary>
/// The data directory of a mesh that is stopped, held by this process as a server would hold it: no server starts on it meanwhile.
/// Disposing gives it up.
/// </summary>
internal sealed class StoppedMesh : IDisposable
{
    private readonly DirectoryLock _lock;

    private StoppedMesh(string directory, DirectoryLock held) => (Directory, _lock) = (directory, held);

    public string Directory { get; }

    public string Database => Path.Combine(Directory, StoreFile.Name);

    public bool HasStore => File.Exists(Database);

    /// <summary>The text of <c>root.key</c>; null where there is none.</summary>
    public string? RootKey => Path.Combine(Directory, "root.key") is var file && File.Exists(file) ? File.ReadAllText(file).Trim() : null;

    public static Option<string?> Option() =>
        new("--data") { Description = "The data directory of a mesh that is stopped, instead of one that runs", HelpName = "DIR" };

    /// <param name="needsStore">Whether a directory without a store is refused.</param>
    public static StoppedMesh Open(string directory, bool needsStore = true)
    {
        directory = Path.GetFullPath(directory);
        if (!System.IO.Directory.Exists(directory))
        {
            throw CommandException.Usage($"{directory} is not a directory", "the directory that the server was started with: --data DIR");
        }

        if (needsStore && !File.Exists(Path.Combine(directory, StoreFile.Name)))
        {
            throw CommandException.Usage(
                $"{directory} holds no store: there is no {StoreFile.Name} in it",
                "the directory that the server was started with: --data DIR; of a mesh on PostgreSQL, a server that runs, without --data");
        }

        if (StoreDirectory.Claim(directory) is { } why)
        {
            throw CommandException.Usage($"{directory} {why}, and nothing in it was changed", "a directory of its own: --data DIR");
        }

        try
        {
            return new StoppedMesh(directory, DirectoryLock.Take(directory));
        }
        catch (IOException)
        {
            throw new CommandException(
                ExitCodes.Conflict, $"a server holds {directory}", "stop it, or leave --data out to do this while it runs");
        }
    }

    /// <summary>A name in the directory for a file under way; the next start clears it away if we do not.</summary>
    public string Scratch(string name)
    {
        var scratch = Path.Combine(Directory, StoreFile.Scratch);
        StoreDirectory.Create(scratch);
        return Path.Combine(scratch, $"{Environment.ProcessId}-{name}");
    }

    public void Dispose() => _lock.Dispose();
}
