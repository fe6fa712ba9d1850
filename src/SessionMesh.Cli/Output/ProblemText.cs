using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Output;

/// <summary>
/// A server's refusal in the words of this tool. The server speaks to programs, of calls and headers; what it says of those is left out
/// here, and what to type instead is said beside it. Nothing here is escaped or redacted yet.
/// </summary>
internal static class ProblemText
{
    /// <summary>What only a sentence about a call has: how it is sent, or what to send instead.</summary>
    private static readonly string[] s_calls =
        ["Send ", "GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "/api/session-mesh", "Authorization: ", "Idempotency-Key", "the header"];

    /// <summary>One failed call on one line, for a command that goes on after it.</summary>
    public static string Of(MeshException error) =>
        error.Problem is { } problem ? $"{WhyOf(problem)} ({problem.Code})" : error.Message;

    /// <summary>A bad member, and what would have been taken.</summary>
    public static string Of(MemberError member)
    {
        var allowed = member.Allowed is { } values ? $" (allowed: {string.Join(", ", values)})" : "";
        var where = member.Pointer.Length == 0 ? "" : member.Pointer + ": ";
        return $"{where}{(SpeaksOfCalls(member.Message) ? "cannot be taken here" : member.Message)}{allowed}";
    }

    /// <summary>Whether a line about a bad member says more than <see cref="WhyOf"/> has said already.</summary>
    public static bool AddsTo(Problem problem, MemberError member) =>
        member.Allowed is { Count: > 0 } || !WhyOf(problem).Contains(member.Message, StringComparison.Ordinal);

    /// <summary>Why a call was refused.</summary>
    public static string WhyOf(Problem problem) => problem.Code switch
    {
        ErrorCodes.NotFound or ErrorCodes.MethodNotAllowed =>
            "the server does not know what was asked of it: it is of another version than this tool",
        _ when !SpeaksOfCalls(problem.Detail) => problem.Detail,
        _ when OurSentences(problem.Detail) is { Length: > 0 } ours => ours,
        ErrorCodes.Unauthenticated => "there is no key, or it is not valid: unknown, over or revoked",
        _ => $"the server refused it: {problem.Code.Replace('_', ' ')}",
    };

    private static bool SpeaksOfCalls(string text) => Array.Exists(s_calls, word => text.Contains(word, StringComparison.Ordinal));

    private static string OurSentences(string text) => string.Join(' ', Sentences(text).Where(sentence => !SpeaksOfCalls(sentence)));

    private static IEnumerable<string> Sentences(string text)
    {
        for (var begin = 0; begin < text.Length;)
        {
            var end = text.IndexOf(". ", begin, StringComparison.Ordinal) is var dot and >= 0 ? dot + 1 : text.Length;
            yield return text[begin..end];
            begin = end + 1;
        }
    }
}
