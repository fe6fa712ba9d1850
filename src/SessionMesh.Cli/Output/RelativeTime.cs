namespace SessionMesh.Cli.Output;

/// <summary>Times as a person reads them in a table: <c>3s ago</c>, <c>in 57s</c>.</summary>
internal static class RelativeTime
{
    public static string Of(DateTimeOffset at, DateTimeOffset now)
    {
        var distance = now - at;
        return distance < TimeSpan.Zero ? "in " + Span(-distance) : Span(distance) + " ago";
    }

    /// <summary>
    /// The largest unit that fits, and the next one below ten, rounded to what is shown: <c>59s</c>, <c>1m30s</c>, <c>45m</c>,
    /// <c>2h5m</c>, <c>3d</c>.
    /// </summary>
    public static string Span(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        seconds = seconds switch
        {
            < 600 => seconds,
            < 35_970 => Rounded(seconds, 60),
            < 862_200 => Rounded(seconds, 3600),
            _ => Rounded(seconds, 86_400),
        };
        return seconds switch
        {
            < 60 => $"{seconds}s",
            < 600 => Pair(seconds / 60, "m", seconds % 60, "s"),
            < 3600 => $"{seconds / 60}m",
            < 36_000 => Pair(seconds / 3600, "h", seconds % 3600 / 60, "m"),
            < 86_400 => $"{seconds / 3600}h",
            < 864_000 => Pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
            _ => $"{seconds / 86_400}d",
        };
    }

    private static long Rounded(long seconds, long unit) => (seconds + (unit / 2)) / unit * unit;

    private static string Pair(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? $"{large}{largeUnit}" : $"{large}{largeUnit}{small}{smallUnit}";
}
