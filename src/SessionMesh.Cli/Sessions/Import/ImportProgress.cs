namespace SessionMesh.Cli.Sessions.Import;

/// <summary>How far an import has come, for a person who waits for it.</summary>
internal static class ImportProgress
{
    /// <param name="length">Bytes in all, where that is known.</param>
    public static string Text(long bytes, long? length, TimeSpan elapsed, int lines)
    {
        var rate = elapsed > TimeSpan.Zero ? bytes / elapsed.TotalSeconds : 0;
        return $"{Size(bytes)}{(length is { } all ? $" of {Size(all)}" : "")}, {Size(rate)}/s, {lines} lines";
    }

    private static string Size(double bytes) => bytes switch
    {
        < 1024 => $"{bytes:0} B",
        < 1024 * 1024 => $"{bytes / 1024:0.0} KiB",
        < 1024 * 1024 * 1024 => $"{bytes / (1024 * 1024):0.0} MiB",
        _ => $"{bytes / (1024 * 1024 * 1024):0.00} GiB",
    };
}
