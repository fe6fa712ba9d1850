using System.Globalization;
using System.Text;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Extensions.AI;

/// <summary>
/// The words that a model reads, the same as coding agents get through their hooks. They state facts, who said what and when, and are no
/// orders of ours: what comes of them is for the model to decide.
/// </summary>
internal static class SteerWords
{
    /// <summary>What further lines begin with: none of them can be taken for one of ours.</summary>
    private const string NextLine = "\n  ";

    public static string Of(Directive steer)
    {
        var text = new StringBuilder(512)
            .Append(CultureInfo.InvariantCulture, $"Session Mesh: a steer from the operator with key {steer.IssuedBy}")
            .Append(CultureInfo.InvariantCulture, $", sent at {steer.IssuedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} to this agent, ")
            .Append(CultureInfo.InvariantCulture, $"{steer.AgentId} (directive {steer.DirectiveId}).");
        Append(text, "Direction", steer.Direction);
        Append(text, "Message", steer.Message);
        Append(text, "Data", steer.Data?.GetRawText());
        return text.ToString();
    }

    private static void Append(StringBuilder text, string name, string? value)
    {
        if (value is null)
        {
            return;
        }

        text.Append('\n').Append(name).Append(": ");
        foreach (var one in value.Replace("\r\n", "\n", StringComparison.Ordinal).EnumerateRunes())
        {
            _ = one.Value switch
            {
                '\n' or '\v' or '\f' or '\r' or '\u0085' or '\u2028' or '\u2029' => text.Append(NextLine),
                not '\t' when Rune.IsControl(one) => text.Append('\uFFFD'),
                _ => text.Append(one),
            };
        }
    }
}
