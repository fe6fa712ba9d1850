using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Hooks;

/// <summary>
/// The words that an agent reads. They state facts, who said what and when, and are no orders of ours: what comes of them is for the agent
/// to decide.
/// </summary>
internal static class HookWords
{
    /// <summary>Characters of all that one answer carries: the programs cut longer context, or put it into a file.</summary>
    public const int Most = 9000;

    /// <summary>Characters of directives in one answer, as they are worded; the rest of <see cref="Most"/> is for what waits.</summary>
    public const int MostOfDirectives = Most - 600;

    private const int MostNamed = 20;

    /// <summary>Characters for what follows a text that was cut: where the rest is, once for a message and once for data.</summary>
    private const int OfCuts = 400;

    /// <summary>What its further lines begin with: none of them can be taken for one of ours.</summary>
    private const string NextLine = "\n  ";

    /// <param name="waiting">Directives that wait for the next answer.</param>
    public static string Of(ImmutableArray<DirectiveRecord> directives, IReadOnlyList<DirectiveRecord> waiting)
    {
        var text = new StringBuilder(1024);
        foreach (var directive in directives)
        {
            text.Append(Of(directive));
        }

        if (waiting.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{waiting.Count} more come with the next answers: ")
                .AppendJoin(", ", waiting.Take(MostNamed).Select(directive => DirectiveId.Format(directive.Revision)))
                .Append(waiting.Count > MostNamed ? ", …" : "").Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Characters that one directive takes: no more than <see cref="MostOfDirectives"/>, since it is cut.</summary>
    public static int LengthOf(DirectiveRecord directive) => Of(directive).Length;

    private static StringBuilder Of(DirectiveRecord directive)
    {
        var text = new StringBuilder(512)
            .Append(CultureInfo.InvariantCulture, $"Session Mesh: a steer from the operator with key {directive.IssuedBy}")
            .Append(CultureInfo.InvariantCulture, $", sent at {Time(directive.IssuedAt)} to this agent, {directive.AgentId}")
            .Append(CultureInfo.InvariantCulture, $" (directive {DirectiveId.Format(directive.Revision)}).\n")
            .Append(CultureInfo.InvariantCulture, $"Direction: {directive.Direction}\n");
        Append(text, "Message", directive.Message, directive);
        Append(text, "Data", directive.Data, directive);
        return text;
    }

    public static string Stopped(string agentId, string? reason)
    {
        var text = new StringBuilder($"Session Mesh: an operator has stopped this agent, {agentId}");
        if (reason is not null)
        {
            text.Append(" (");
            Append(text, reason, MostOfDirectives);
            text.Append(')');
        }

        return text.Append(". No tool runs any more.").ToString();
    }

    public static string Paused(string agentId) =>
        $"Session Mesh: an operator has paused this agent, {agentId}, and has not resumed it in time. This tool was not run. "
        + "It may be tried again.";

    private static string Time(long wall) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wall).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static void Append(StringBuilder text, string name, string? value, DirectiveRecord directive)
    {
        if (value is null)
        {
            return;
        }

        text.Append(name).Append(": ");
        var taken = Append(text, value, MostOfDirectives - OfCuts);
        text.Append('\n');
        if (taken < value.Length)
        {
            text.Append(CultureInfo.InvariantCulture, $"({value.Length - taken} more characters: session-mesh history ")
                .Append(directive.AgentId).Append(")\n");
        }
    }

    /// <summary>Appends a text until there are so many characters. It stays within the frame that says whose it is.</summary>
    /// <returns>How many characters of it were taken.</returns>
    private static int Append(StringBuilder text, string value, int most)
    {
        for (var at = 0; ;)
        {
            if (Rune.DecodeFromUtf16(value.AsSpan(at), out var one, out var length) == OperationStatus.NeedMoreData && length == 0)
            {
                return at;
            }

            length += value.AsSpan(at).StartsWith("\r\n") ? 1 : 0;
            var words = one.Value switch
            {
                '\n' or '\v' or '\f' or '\r' or '\u0085' or '\u2028' or '\u2029' => NextLine,
                not '\t' when Rune.IsControl(one) => "\uFFFD",
                _ => value.AsSpan(at, length),
            };
            if (text.Length + words.Length > most)
            {
                return at;
            }

            text.Append(words);
            at += length;
        }
    }
}
