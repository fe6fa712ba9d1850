using System.Security.Cryptography;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Settings;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Hooks.Editing;

/// <summary>
/// Somebody else's settings file: read as it is, and replaced in one step with its mode and owner. A link is followed, and stays.
/// </summary>
internal sealed class SettingsFile
{
    private const int MostBytes = 16 * 1024 * 1024;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[]? _bytes;

    private SettingsFile(string path, string target, byte[]? bytes, string? text) =>
        (Path, Target, _bytes, Text) = (path, target, bytes, text);

    /// <summary>As the agent's program names it.</summary>
    public string Path { get; }

    /// <summary>The file itself, where <see cref="Path"/> is a link.</summary>
    public string Target { get; }

    /// <summary>What is in it, with its byte order mark; null where there is no file.</summary>
    public string? Text { get; }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public static SettingsFile Read(string path)
    {
        try
        {
            var target = TargetOf(path);
            var bytes = Current(target);
            return new(path, target, bytes, bytes is null ? null : s_strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            throw Unreadable($"{path} is not UTF-8");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(FileWords.Of(e, path));
        }
    }

    /// <summary>The directories that are missing above it, the outermost first.</summary>
    public IReadOnlyList<string> MissingDirectories()
    {
        var missing = new List<string>();
        for (var above = System.IO.Path.GetDirectoryName(Target); above is { Length: > 0 } && !Directory.Exists(above);
            above = System.IO.Path.GetDirectoryName(above))
        {
            missing.Insert(0, above);
        }

        return missing;
    }

    /// <summary>Replaces it; null removes it.</summary>
    public void Write(string? text)
    {
        try
        {
            if (text is null)
            {
                CheckUnchanged();
                File.Delete(Target);
                return;
            }

            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Target)!);
            Replace(s_strict.GetBytes(text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Failed, FileWords.Of(e, Target), "a file that this account can replace");
        }
    }

    private void Replace(byte[] bytes)
    {
        var draft = $"{Target}.{RandomNumberGenerator.GetHexString(16, lowercase: true)}.new";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
            if (!OperatingSystem.IsWindows() && _bytes is not null)
            {
                // Never wider than it will be, also before it is as wide.
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var file = new FileStream(draft, options))
            {
                file.Write(bytes);
                file.Flush(flushToDisk: true);
            }

            if (_bytes is not null && !OperatingSystem.IsWindows())
            {
                if (!KeptOwner.Keep(Target, draft))
                {
                    throw new CommandException(
                        ExitCodes.Failed, $"{Target} belongs to another account, and would be this one's afterwards",
                        "the same command from its owner's account");
                }

                File.SetUnixFileMode(draft, File.GetUnixFileMode(Target));
            }

            CheckUnchanged();
            File.Move(draft, Target, overwrite: true);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>An agent writes its settings, too: what it has written since we read them must not be lost.</summary>
    private void CheckUnchanged()
    {
        var now = Current(Target);
        if (now is null != _bytes is null || !now.AsSpan().SequenceEqual(_bytes))
        {
            throw new CommandException(ExitCodes.Conflict, $"{Target} has changed meanwhile", "the same command again");
        }
    }

    private static byte[]? Current(string target)
    {
        if (Directory.Exists(target))
        {
            throw Unreadable($"{target} is a directory");
        }

        if (OddFile.Is(target, follow: true))
        {
            throw Unreadable($"{target} is not a regular file");
        }

        if (!File.Exists(target))
        {
            return null;
        }

        using var file = new FileStream(target, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return file.Length > MostBytes ? throw Unreadable($"{target} is larger than 16 MiB") : ReadAll(file);
    }

    private static byte[] ReadAll(FileStream file)
    {
        using var into = new MemoryStream();
        file.CopyTo(into);
        return into.ToArray();
    }

    /// <summary>Also of a link that leads to a file that is not there yet.</summary>
    private static string TargetOf(string path)
    {
        var info = new FileInfo(path);
        return info.LinkTarget is null ? info.FullName : info.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }

    private static CommandException Unreadable(string why) => new(ExitCodes.Failed, why, "a settings file that can be read");
}
