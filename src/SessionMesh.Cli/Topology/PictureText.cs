using System.Globalization;
using System.Text;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Topology;

/// <summary>What stands in a picture, whatever its format.</summary>
internal static class PictureText
{
    /// <summary>Statuses and how they look: never by colour alone.</summary>
    public static readonly IReadOnlyList<(string Status, string Fill, string Border)> Looks =
    [
        (AgentStatus.Alive, "#d3f9d8", "#2b8a3e"),
        (AgentStatus.Suspect, "#fff3bf", "#e67700"),
        (AgentStatus.Lost, "#ffe3e3", "#c92a2a"),
        (AgentStatus.Stopping, "#e5dbff", "#5f3dc4"),
        (AgentStatus.Declared, "#ffffff", "#868e96"),
        (AgentStatus.Dead, "#dee2e6", "#495057"),
    ];

    /// <summary>What is said of an agent under its id: <c>alive · working · load 0.42</c>.</summary>
    public static string Of(TopologyRow agent)
    {
        var words = new List<string> { agent.Status };
        if (agent.Paused)
        {
            words.Add("paused");
        }

        if (agent.Activity is { } activity)
        {
            words.Add(activity);
        }

        if (agent.Load is { } load)
        {
            words.Add(string.Create(CultureInfo.InvariantCulture, $"load {load:0.##}"));
        }

        return string.Join(" · ", words);
    }

    /// <summary>What is said of a link: its kind, and its weight where it is not 1.</summary>
    public static string Of(TopologyLink link) => link.Weight.Equals(LinkRequest.DefaultWeight)
        ? link.Kind
        : string.Create(CultureInfo.InvariantCulture, $"{link.Kind} {link.Weight}");

    /// <summary>
    /// The text with a number in place of every character that could mean something to a format or that no one sees.
    /// </summary>
    /// <param name="form">Around the number: <c>&amp;#{0};</c>.</param>
    public static string Encode(string text, CompositeFormat form)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsPlain(rune))
            {
                encoded.Append(rune);
            }
            else
            {
                encoded.AppendFormat(CultureInfo.InvariantCulture, form, rune.Value);
            }
        }

        return encoded.ToString();
    }

    /// <summary>Whether a person sees it, and sees nothing else because of it.</summary>
    public static bool IsVisible(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator);

    private static bool IsPlain(Rune rune) => rune.IsAscii
        ? Rune.IsLetterOrDigit(rune) || rune.Value is ' ' or '.' or '_' or ':' or '-' or '/' or ',' or '+'
        : IsVisible(rune);
}
