using System.Globalization;
using System.Text.RegularExpressions;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// Times in the forms of ISO 8601 that the script took: extended and basic, by month or by week, to the hour, minute, second or fraction,
/// with a point or a comma. Without a zone it is UTC; what is finer than a microsecond is dropped.
/// </summary>
internal static partial class IsoTime
{
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        var match = Form().Match(text);
        if (!match.Success || DateOf(match) is not { } date)
        {
            return false;
        }

        var (hour, minute, second) = (Number(match, "h"), Number(match, "min"), Number(match, "s"));
        var (zoneHour, zoneMinute) = (Number(match, "zh"), Number(match, "zm"));
        if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59)
        {
            return false;
        }

        var fraction = match.Groups["f"].Value is { Length: > 0 } digits
            ? int.Parse((digits + "000000")[..6], NumberStyles.None, CultureInfo.InvariantCulture)
            : 0;
        var zone = new TimeSpan(zoneHour, zoneMinute, 0) * (match.Groups["sign"].Value is "-" ? -1 : 1);
        var ticks = date.Ticks + new TimeSpan(0, hour, minute, second).Ticks + (fraction * TimeSpan.TicksPerMicrosecond) - zone.Ticks;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    private static DateTime? DateOf(Match match)
    {
        var year = Number(match, "y");
        if (year < 1)
        {
            return null;
        }

        if (match.Groups["w"].Success)
        {
            var (week, day) = (Number(match, "w"), match.Groups["wd"].Success ? Number(match, "wd") : 1);
            return week >= 1 && week <= ISOWeek.GetWeeksInYear(year) && day is >= 1 and <= 7 && (year, week) is not (9999, > 51)
                ? ISOWeek.ToDateTime(year, week, day is 7 ? DayOfWeek.Sunday : (DayOfWeek)day)
                : null;
        }

        var (month, dayOfMonth) = (Number(match, "m"), Number(match, "d"));
        return month is >= 1 and <= 12 && dayOfMonth >= 1 && dayOfMonth <= DateTime.DaysInMonth(year, month)
            ? new DateTime(year, month, dayOfMonth)
            : null;
    }

    private static int Number(Match match, string name) =>
        match.Groups[name] is { Success: true, Value: var digits } ? int.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(
        @"^(?<y>[0-9]{4})(-(?<m>[0-9]{2})-(?<d>[0-9]{2})|(?<m>[0-9]{2})(?<d>[0-9]{2})"
        + @"|-W(?<w>[0-9]{2})(-(?<wd>[0-9]))?|W(?<w>[0-9]{2})(?<wd>[0-9])?)"
        + @"([Tt ](?<h>[0-9]{2})(:(?<min>[0-9]{2})(:(?<s>[0-9]{2})([.,](?<f>[0-9]+))?)?"
        + @"|(?<min>[0-9]{2})((?<s>[0-9]{2})([.,](?<f>[0-9]+))?)?)?"
        + @"([Zz]|(?<sign>[+-])(?<zh>[0-9]{2})(:?(?<zm>[0-9]{2}))?)?)?\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
