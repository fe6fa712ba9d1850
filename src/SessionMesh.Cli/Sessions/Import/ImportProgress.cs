using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Sessions.Import;

/// <summary>The progress of an import, for the progress line.</summary>
internal static class ImportProgress
{
    /// <param name="length">Bytes in all, where that is known.</param>
    public static string Text(long bytes, long? length, TimeSpan elapsed, int lines)
    {
        var rate = elapsed > TimeSpan.Zero ? bytes / elapsed.TotalSeconds : 0;
        return $"{ByteSize.Of(bytes)}{(length is { } all ? $" of {ByteSize.Of(all)}" : "")}, {ByteSize.Of(rate)}/s, {lines} lines";
    }
}
