using System.CommandLine;
using SessionMesh.Storage;

namespace SessionMesh.Server.Options;

/// <summary>A file with a secret, named on the command line.</summary>
internal static class PrivateFile
{
    /// <summary>Most bytes that are read of one.</summary>
    private const int Limit = 16 * 1024;

    /// <summary>Its only line. A last line's end, and spaces around, do not count.</summary>
    /// <param name="what">It holds.</param>
    /// <exception cref="StartupException">
    /// It cannot be read, another account than its owner may, or it has not exactly one line. The message has nothing of what is in it.
    /// </exception>
    public static string ReadLine(string file, string what, Option option)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

            // Of the open file: a name can lead elsewhere a moment later.
            if (!OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(stream.SafeFileHandle) & ~StoreDirectory.OwnerOnly) != UnixFileMode.None)
            {
                throw new StartupException($"{file} holds a secret, and other accounts may use it. Say chmod 600 {file}, and change "
                    + "the password if somebody else may have read it.");
            }

            var bytes = new byte[Limit + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var text = System.Text.Encoding.UTF8.GetString(bytes.AsSpan(0, length)).TrimStart('\uFEFF').Trim();
            return length <= Limit && text.Length > 0 && !text.Any(char.IsControl)
                ? text
                : throw new StartupException($"{file} does not hold a {what}: that is one line of text, and nothing else is in the file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            var why = e is NotSupportedException ? $"{file} is no file" : FileWords.Of(e, file);
            throw new StartupException($"The {what} cannot be read: {why}. Name its file with {option.Name} FILE.");
        }
    }
}
