using System.CommandLine;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Output;

/// <summary>
/// A server's refusal in the words of this tool. The server speaks to programs, of calls and headers; what it says of those is left out
/// here, and what to type instead is said beside it. Nothing here is escaped or redacted yet.
/// </summary>
internal static class ProblemText
{
    /// <summary>Why a call was refused, as far as the server says: it does not tell one from the other.</summary>
    public const string NoValidKey = "there is no key, or it is not valid: unknown, expired or revoked";

    /// <summary>What only a sentence about a call has: how it is sent, or what to send instead.</summary>
    private static readonly string[] s_calls =
    [
        "GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "/api/session-mesh", "Authorization: ", "Idempotency-Key", "If-Match", "ETag",
        "the header", "Send ", "with \"", "\": ",
    ];

    /// <summary>One failed call on one line, for a command that goes on after it.</summary>
    public static string Of(MeshException error) =>
        error.Problem is { } problem ? $"{WhyOf(problem)} ({problem.Code})" : error.Message;

    /// <summary>Why one call failed, for a line of its own that goes on after it.</summary>
    public static string WhyOf(MeshException error) => error.Problem is { } problem ? WhyOf(problem) : error.Message;

    /// <summary>A bad member, and what would have been taken.</summary>
    /// <param name="command">What was typed; null where nothing of it became that member.</param>
    public static string Of(MemberError member, Command? command = null)
    {
        var allowed = ListsAllowed(member) ? $" (allowed: {string.Join(", ", member.Allowed!)})" : "";
        var where = member.Pointer.Length == 0 ? "" : MemberWords.Of(member.Pointer, command) + ": ";
        return $"{where}{MessageOf(member, command)}{allowed}";
    }

    /// <summary>What a line about a bad member adds to why the call was refused; null for nothing.</summary>
    public static string? AddedTo(string why, MemberError member, Command? command) =>
        !why.Contains(MessageOf(member, command), StringComparison.Ordinal) ? Of(member, command)
        : ListsAllowed(member) ? $"{MemberWords.Of(member.Pointer, command)} takes {string.Join(", ", member.Allowed!)}"
        : null;

    /// <summary>Why a call was refused.</summary>
    /// <param name="command">What was typed, whose options are named in place of members; null for none.</param>
    public static string WhyOf(Problem problem, Command? command = null) => problem.Code switch
    {
        ErrorCodes.NotFound or ErrorCodes.MethodNotAllowed =>
            "the server does not know what was asked of it: it is of another version than this tool",
        _ when IsOfMembers(problem) => string.Join(
            ". ", problem.Errors!.Select(member => $"{MemberWords.Of(member.Pointer, command)}: {MessageOf(member, command)}")),
        _ when !SpeaksOfCalls(problem.Detail) => problem.Detail,
        _ when OurSentences(problem.Detail) is { Length: > 0 } ours => ours,
        ErrorCodes.Unauthenticated => NoValidKey,
        _ => $"the server refused it: {problem.Code.Replace('_', ' ')}",
    };

    /// <summary>Whether all that the server says is which members are bad.</summary>
    private static bool IsOfMembers(Problem problem) =>
        problem.Errors is { Count: > 0 } errors
        && problem.Detail.TrimEnd('.') == string.Join(
            ". ", errors.Select(member => $"{member.Pointer.TrimStart('/', '?')}: {member.Message}"));

    private static string MessageOf(MemberError member, Command? command) =>
        SpeaksOfCalls(member.Message) ? "cannot be taken here" : MemberWords.In(member.Message, command);

    /// <summary>Whether the words that are allowed are not in the message already.</summary>
    private static bool ListsAllowed(MemberError member) =>
        member.Allowed is { Count: > 0 } words && !words.All(word => member.Message.Contains(word, StringComparison.Ordinal));

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
