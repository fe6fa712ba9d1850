using System.Globalization;
using System.Text;

namespace SessionMesh.Cli.Output;

/// <summary>
/// Text that came from outside, made safe to print: control characters, bidi and other invisible format characters are
/// shown as <c>\u202e</c>, not obeyed, so that no agent's note can move the cursor or turn a line around.
/// </summary>
internal static class TerminalText
{
    public static string Escape(string text) => Escape(text, static c => IsHostile(c));

    /// <summary>The same for JSON text, where line breaks and indentation are ours and the escape is the same value.</summary>
    public static string EscapeJson(string json) => Escape(json, static c => c is not '\n' && IsHostile(c));

    /// <summary>Columns that a text takes: wide East Asian letters and emoji take two, combining marks none.</summary>
    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes()) width += WidthOf(rune);
        return width;
    }

    /// <summary>The text in at most so many columns, its end replaced by <c>…</c> where it is longer.</summary>
    public static string Fit(string text, int columns)
    {
        if (Width(text) <= columns) return text;
        var kept = new StringBuilder();
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (width + WidthOf(rune) > columns - 1) break;
            width += WidthOf(rune);
            kept.Append(rune);
        }

        return kept.Append('…').ToString();
    }

    private static string Escape(string text, Func<char, bool> isHostile)
    {
        StringBuilder? safe = null;
        for (var i = 0; i < text.Length; i++)
        {
            var hostile = char.IsSurrogate(text[i]) ? !IsPairAt(text, i) : isHostile(text[i]);
            if (hostile) safe ??= new StringBuilder(text, 0, i, text.Length + 16);
            if (hostile) safe!.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            else safe?.Append(text[i]);
        }

        return safe?.ToString() ?? text;
    }

    private static bool IsPairAt(string text, int i) => char.IsHighSurrogate(text[i])
        ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) && !IsFormat(new Rune(text[i], text[i + 1]))
        : i > 0 && char.IsHighSurrogate(text[i - 1]) && !IsFormat(new Rune(text[i - 1], text[i]));

    private static bool IsHostile(char c) => char.GetUnicodeCategory(c) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static bool IsFormat(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;

    private static int WidthOf(Rune rune) => rune.Value switch
    {
        < 0x300 => 1,
        _ when Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark => 0,
        >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF => 2,
        >= 0xFE30 and <= 0xFE6F or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 => 2,
        >= 0x1F300 and <= 0x1F64F or >= 0x1F900 and <= 0x1F9FF or >= 0x20000 and <= 0x3FFFD => 2,
        _ => 1,
    };
}
