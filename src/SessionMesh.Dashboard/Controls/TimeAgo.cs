using System.Globalization;

namespace SessionMesh.Dashboard.Controls;

/// <summary>How long ago, or how far ahead, in one unit.</summary>
public static class TimeAgo
{
    public static string Of(TimeSpan since)
    {
        var text = Amount(since.Duration());
        return text is null ? "now" : since < TimeSpan.Zero ? "in " + text : text + " ago";
    }

    private static string? Amount(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => null,
        { TotalMinutes: < 1 } => Text(time.TotalSeconds, "s"),
        { TotalHours: < 1 } => Text(time.TotalMinutes, "min"),
        { TotalDays: < 1 } => Text(time.TotalHours, "h"),
        _ => Text(time.TotalDays, "d"),
    };

    private static string Text(double amount, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(amount):0} {unit}");
}
