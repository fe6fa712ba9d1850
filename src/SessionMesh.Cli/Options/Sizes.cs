namespace SessionMesh.Cli.Options;

/// <summary>Sizes as people type them: <c>65536</c>, <c>64KiB</c>, <c>10MB</c>, <c>1G</c>.</summary>
internal static class Sizes
{
    /// <summary>KB and its like are powers of 1,000, KiB and the bare letter K powers of 1,024. Units in any case.</summary>
    private static readonly (string Unit, long Bytes)[] s_units =
    [
        ("", 1), ("b", 1),
        ("k", 1L << 10), ("kib", 1L << 10), ("kb", 1000),
        ("m", 1L << 20), ("mib", 1L << 20), ("mb", 1000 * 1000),
        ("g", 1L << 30), ("gib", 1L << 30), ("gb", 1000 * 1000 * 1000),
    ];

    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        bytes = 0;
        var digits = text.IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? text.Length : digits;
        if (digits is < 1 or > 10)
        {
            return false;
        }

        foreach (var (unit, size) in s_units)
        {
            if (text[digits..].Equals(unit, StringComparison.OrdinalIgnoreCase))
            {
                bytes = long.Parse(text[..digits]) * size;
                return true;
            }
        }

        return false;
    }
}
