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

    /// <summary>Characters of directives in one answer; the rest of <see cref="Most"/> is for the words around them.</summary>
    public const int MostOfDirectives = 7500;

    private const int MostNamed = 20;

    /// <param name="waiting">Directives that wait for the next answer.</param>
    public static string Of(ImmutableArray<DirectiveRecord> directives, IReadOnlyList<DirectiveRecord> waiting)
    {
        var text = new StringBuilder(1024);
        foreach (var directive in directives)
        {
            text.Append(CultureInfo.InvariantCulture, $"Session Mesh: a steer from the operator with key {directive.IssuedBy}")
                .Append(CultureInfo.InvariantCulture, $", sent at {Time(directive.IssuedAt)} to this agent, {directive.AgentId}")
                .Append(CultureInfo.InvariantCulture, $" (directive {DirectiveId.Format(directive.Revision)}).\n")
                .Append(CultureInfo.InvariantCulture, $"Direction: {directive.Direction}\n");
            Append(text, "Message", directive.Message, directive);
            Append(text, "Data", directive.Data, directive);
        }

        if (waiting.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{waiting.Count} more come with the next answers: ")
                .AppendJoin(", ", waiting.Take(MostNamed).Select(directive => DirectiveId.Format(directive.Revision)))
                .Append(waiting.Count > MostNamed ? ", …" : "").Append('\n');
        }

        return text.ToString();
    }

    public static string Stopped(string agentId, string? reason) =>
        $"Session Mesh: an operator has stopped this agent, {agentId}{(reason is null ? "" : $" ({reason})")}. No tool runs any more.";

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

        var room = Math.Max(0, Most - 700 - text.Length);
        var cut = value.Length <= room ? value.Length : room - (room > 0 && char.IsHighSurrogate(value[room - 1]) ? 1 : 0);
        text.Append(name).Append(": ").Append(value, 0, cut).Append('\n');
        if (cut < value.Length)
        {
            text.Append(CultureInfo.InvariantCulture, $"({value.Length - cut} more characters: session-mesh history ")
                .Append(directive.AgentId).Append(")\n");
        }
    }
}
