using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Output;

/// <summary>A server's refusal in words. Nothing here is escaped or redacted yet.</summary>
internal static class ProblemText
{
    /// <summary>One failed call on one line, for a command that goes on after it.</summary>
    public static string Of(MeshException error) =>
        error.Problem is { } problem ? $"{problem.Detail} ({problem.Code})" : error.Message;

    /// <summary>A bad member, and what would have been taken.</summary>
    public static string Of(MemberError member)
    {
        var allowed = member.Allowed is { } values ? $" (allowed: {string.Join(", ", values)})" : "";
        return $"{member.Pointer}: {member.Message}{allowed}";
    }
}
