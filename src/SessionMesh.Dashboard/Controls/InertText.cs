using System.Globalization;
using System.Text;

namespace SessionMesh.Dashboard.Controls;

/// <summary>Makes what cannot be seen visible: control characters, and those that turn the direction of a line.</summary>
public static class InertText
{
    /// <summary>A text as a person may see it: line breaks as ⏎, other invisible characters as their number.</summary>
    public static string Of(string? text)
    {
        if (string.IsNullOrEmpty(text) || !text.EnumerateRunes().Any(IsHidden))
        {
            return text ?? "";
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '\n')
            {
                shown.Append('⏎');
            }
            else if (IsHidden(rune))
            {
                shown.Append(CultureInfo.InvariantCulture, $"⟨U+{rune.Value:X4}⟩");
            }
            else
            {
                shown.Append(rune);
            }
        }

        return shown.ToString();
    }

    /// <summary>Control and format characters (bidi overrides, zero-width ones, tags), private use, and line separators.</summary>
    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse;
}
