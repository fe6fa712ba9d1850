using System.Runtime.Versioning;

namespace SessionMesh.Storage;

/// <summary>
/// Whose a directory is before a store is put into it. A data directory is closed to other accounts and its <c>tmp</c> is emptied, which
/// must not happen to somebody's home because it was named by mistake.
/// </summary>
public static class StoreDirectory
{
    public const UnixFileMode OwnerOnly = StoreFile.OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Bits of a directory that is meant for several accounts.</summary>
    private const UnixFileMode Shared = UnixFileMode.OtherWrite | UnixFileMode.StickyBit | UnixFileMode.SetGroup;

    private static readonly string[] s_names =
        [StoreFile.Scratch, "lock", "reserve", "root.key", "root.key.new", "root.address", "root.address.new"];

    /// <summary>
    /// Creates the directory, mode 0700, or makes sure that it can be used as it is. Changes nothing in one that is there.
    /// </summary>
    /// <returns>Null if it can be used; otherwise why not, to follow its name in a sentence.</returns>
    /// <exception cref="IOException">It cannot be created, or is a file.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another account.</exception>
    public static string? Claim(string path)
    {
        if (!Directory.Exists(path))
        {
            Create(path);
            return null;
        }

        var entries = Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry)).ToList();
        var hasStore = entries.Contains(StoreFile.Name) || entries.Contains(StoreFile.Staged);
        if (!hasStore && entries.Find(entry => !IsOurs(entry)) is { } foreign)
        {
            return $"holds other things than a mesh, such as {foreign}";
        }

        // Its owner would find it closed, with files in it that are not theirs.
        if (!hasStore && FileOwner.IsAnother(path))
        {
            return "belongs to another account";
        }

        return entries.Count == 0 && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Shared) != UnixFileMode.None
            ? "is shared with other accounts"
            : null;
    }

    /// <summary>
    /// Closes a claimed directory and the files of the store in it to other accounts: an earlier version, or whoever copied them there, may
    /// have left them open. Only for whoever holds its lock.
    /// </summary>
    public static void Close(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        SetMode(path, OwnerOnly);
        foreach (var file in Directory.EnumerateFiles(path).Where(file => IsOurs(Path.GetFileName(file))))
        {
            SetMode(file, StoreFile.OwnerOnly);
        }
    }

    /// <summary>Creates a directory of mode 0700 if it is not there.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }
    }

    private static bool IsOurs(string name) =>
        s_names.Contains(name) || name == StoreFile.Name || name.StartsWith(StoreFile.Name + "-", StringComparison.Ordinal)
        || name.StartsWith(StoreFile.Name + ".", StringComparison.Ordinal);

    [UnsupportedOSPlatform("windows")]
    private static void SetMode(string path, UnixFileMode mode)
    {
        if (File.GetUnixFileMode(path) != mode)
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}
