using System.Runtime.InteropServices;

namespace SessionMesh.Storage;

/// <summary>Why a file could not be used, for a person. The runtime's own sentences speak of its types and its calls.</summary>
public static class FileWords
{
    private const int Exists = 17;
    private const int NotADirectory = 20;
    private const int InUse = 11;
    private const int FileTooLarge = 27;
    private const int NoSpace = 28;
    private const int ReadOnly = 30;
    private const int NameTooLong = 36;
    private const int NoQuota = 122;

    /// <summary>A clause that names the path: <c>/etc/x is a directory</c>.</summary>
    /// <param name="path">What was to be used.</param>
    public static string Of(Exception error, string path) => error switch
    {
        _ when Missing(path) is { } above && error is DirectoryNotFoundException => $"there is no directory {above}",
        FileNotFoundException or DirectoryNotFoundException => $"{path} is not there",
        UnauthorizedAccessException when Directory.Exists(path) => $"{path} is a directory",
        UnauthorizedAccessException => $"this account has no permission for {path}",
        PathTooLongException => $"the name {path} is too long",
        IOException when !OperatingSystem.IsWindows() && OfNumber(error.HResult, path) is { } words => words,
        _ => Bare(error.Message),
    };

    /// <summary>The same where the path is known to the error alone.</summary>
    public static string Of(Exception error)
    {
        if (error is FileNotFoundException { FileName: { Length: > 0 } name })
        {
            return Of(error, name);
        }

        return error.Message.Split('\'') is [_, { Length: > 0 } quoted, ..] && Path.IsPathRooted(quoted)
            ? Of(error, quoted)
            : error is IOException && !OperatingSystem.IsWindows() && OfNumber(error.HResult, "the file") is { } words ? words
            : Bare(error.Message);
    }

    /// <summary>Whether another process holds the file.</summary>
    public static bool IsInUse(IOException error) =>
        OperatingSystem.IsWindows() ? (error.HResult & 0xffff) is 32 or 33 : error.HResult == InUse;

    /// <summary>The number of a system error in words, without a full stop.</summary>
    public static string OfSystem(int number) => Bare(Marshal.GetPInvokeErrorMessage(number));

    private static string? OfNumber(int number, string path) => number switch
    {
        Exists => $"{path} already exists",
        NotADirectory => $"what stands before the name in {path} is no directory",
        InUse => $"{path} is in use by another process",
        NoSpace => "the disk is full",
        NoQuota => "this account may use no more of the disk",
        FileTooLarge => $"{path} would grow too large",
        ReadOnly => $"{path} is on a disk that can only be read",
        NameTooLong => $"the name {path} is too long",
        > 0 and < 200 => $"{path}: {OfSystem(number)}",
        _ => null,
    };

    /// <summary>The directory that a file was to be in, if that is what is missing.</summary>
    private static string? Missing(string path) =>
        Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } above && !Directory.Exists(above) ? above : null;

    private static string Bare(string sentence) => sentence.TrimEnd('.', ' ');
}
