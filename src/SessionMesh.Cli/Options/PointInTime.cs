using System.Globalization;

namespace SessionMesh.Cli.Options;

/// <summary>A point in time as people type it: so long ago, or a date.</summary>
internal readonly record struct PointInTime(int? SecondsAgo, DateTimeOffset Date)
{
    private static readonly string[] s_forms =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>
    /// Reads <c>90</c>, <c>15m</c> or <c>1h30m</c> as that long ago, and ISO 8601 dates and times; without an offset they are UTC.
    /// </summary>
    public static bool TryParse(string text, out PointInTime point)
    {
        if (Durations.TryParse(text, out var seconds))
        {
            point = new PointInTime(seconds, default);
            return true;
        }

        var isDate = DateTimeOffset.TryParseExact(
            text, s_forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date);
        point = new PointInTime(null, date);
        return isDate;
    }

    /// <summary>By this clock; a date needs none.</summary>
    public DateTimeOffset At(DateTimeOffset now) => SecondsAgo is { } seconds ? now.AddSeconds(-seconds) : Date;
}
