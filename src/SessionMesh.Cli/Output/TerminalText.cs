using System.Buffers;
using System.Globalization;
using System.Text;
using Wcwidth;

namespace SessionMesh.Cli.Output;

/// <summary>
/// Text that came from outside, made safe to print: control characters, bidi and other invisible characters are shown as
/// <c>\u202e</c>, not obeyed, so that no agent's note can move the cursor, turn a line around or hide what it says; and of a flood of
/// combining marks that would cover the lines above only the first few are left as they are.
/// </summary>
internal static class TerminalText
{
    /// <summary>More marks on one letter than any script in use has.</summary>
    private const int MostMarks = 8;

    public static string Escape(string text) => Escape(text, keepsLines: false);

    /// <summary>The same for JSON text, where line breaks and indentation are ours and the escape is the same value.</summary>
    public static string EscapeJson(string json) => Escape(json, keepsLines: true);

    /// <summary>The same for text of many lines: line breaks, also those with a carriage return before them, and tabs stay.</summary>
    public static string EscapeLines(string text) =>
        Escape(text.Replace("\r\n", "\n", StringComparison.Ordinal), keepsLines: true, keepsTabs: true);

    /// <summary>Columns that a text takes: wide East Asian letters and emoji take two, combining marks none.</summary>
    public static int Width(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += WidthOf(rune);
        }

        return width;
    }

    /// <summary>The text in at most this many columns, cut with <c>…</c> where it is longer.</summary>
    public static string Fit(string text, int columns)
    {
        if (Width(text) <= columns)
        {
            return text;
        }

        var kept = new StringBuilder();
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (width + WidthOf(rune) > columns - 1)
            {
                break;
            }

            width += WidthOf(rune);
            kept.Append(rune);
        }

        return kept.Append('…').ToString();
    }

    private static string Escape(string text, bool keepsLines, bool keepsTabs = false)
    {
        StringBuilder? safe = null;
        var marks = 0;
        for (int i = 0, length; i < text.Length; i += length)
        {
            var isWhole = Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out length) == OperationStatus.Done;
            marks = isWhole && IsMark(rune) ? marks + 1 : 0;
            if (isWhole && marks <= MostMarks
                && (!IsHostile(rune) || (keepsLines && rune.Value == '\n') || (keepsTabs && rune.Value == '\t')))
            {
                safe?.Append(text, i, length);
                continue;
            }

            safe ??= new StringBuilder(text, 0, i, text.Length + 16);
            foreach (var unit in text.AsSpan(i, length))
            {
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            }
        }

        return safe?.ToString() ?? text;
    }

    private static bool IsMark(Rune rune) =>
        rune.Value >= 0x300 && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    /// <summary>
    /// What a terminal obeys or does not show: by category, plus Unicode's default-ignorable code points and noncharacters.
    /// </summary>
    private static bool IsHostile(Rune rune) => rune.Value switch
    {
        >= ' ' and < 0x7F => false,
        0x34F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFFA0 => true,
        >= 0x180B and <= 0x180F or >= 0xFDD0 and <= 0xFDEF or >= 0xE0000 and <= 0xE0FFF => true,
        _ when (rune.Value & 0xFFFE) == 0xFFFE => true,
        _ => Rune.GetUnicodeCategory(rune) is
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
    };

    private static int WidthOf(Rune rune) => rune.Value < 0x300 ? 1 : Math.Max(0, UnicodeCalculator.GetWidth(rune));
}
