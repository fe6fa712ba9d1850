namespace SessionMesh.Cli.Options;

/// <summary>Durations as people type them.</summary>
internal static class Durations
{
    private static readonly (char Unit, long Seconds)[] s_units = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

    /// <summary>
    /// Reads <c>90</c>, <c>90s</c>, <c>1h30m</c>, <c>2d</c> as whole seconds: digits with d, h, m, s, each once and from large
    /// to small. Signs, fractions and blanks are refused, and so is what does not fit.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out int seconds)
    {
        seconds = 0;
        if (text.IsEmpty)
        {
            return false;
        }

        if (!text.ContainsAnyExceptInRange('0', '9'))
        {
            return int.TryParse(text, out seconds);
        }

        long total = 0;
        var next = 0;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExceptInRange('0', '9');
            if (digits is < 1 or > 9)
            {
                return false;
            }

            var letter = text[digits];
            var unit = Array.FindIndex(s_units, next, u => u.Unit == letter);
            if (unit < 0)
            {
                return false;
            }

            total += long.Parse(text[..digits]) * s_units[unit].Seconds;
            next = unit + 1;
            text = text[(digits + 1)..];
        }

        seconds = (int)Math.Min(total, int.MaxValue);
        return total <= int.MaxValue;
    }
}
