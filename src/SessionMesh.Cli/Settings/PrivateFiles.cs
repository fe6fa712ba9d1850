using System.Security.Cryptography;

namespace SessionMesh.Cli.Settings;

/// <summary>Files that only the account itself may read.</summary>
internal static class PrivateFiles
{
    /// <summary>Writes a file of mode 0600 in one step, and its directories with mode 0700 where they are missing.</summary>
    /// <param name="replace">Whether a file that is there is replaced; else that is an <see cref="IOException"/>.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, bool replace = true)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        MakeDirectory(directory);

        // An unpredictable name: a file that already exists may be a link, or readable to others.
        var draft = $"{path}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.new";
        try
        {
            using (var file = Open(draft, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, path, replace);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>Makes a directory, and those above it that are missing, each with mode 0700.</summary>
    public static void MakeDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        // Level by level: .NET gives the mode to the last one alone.
        if (Path.GetDirectoryName(path) is { Length: > 0 } above)
        {
            MakeDirectory(above);
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>
    /// Opens a file exclusively; a new one has mode 0600. Throws <see cref="IOException"/> while another process has it open.
    /// </summary>
    public static FileStream Open(string path, FileMode mode, FileAccess access, FileOptions more = FileOptions.None)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = FileShare.None, Options = more };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}
