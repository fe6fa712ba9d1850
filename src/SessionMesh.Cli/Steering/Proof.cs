using SessionMesh.Cli.Hosting;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary>How far a directive has come, against how far it was to come.</summary>
internal static class Proof
{
    /// <summary>True once the directive is at <paramref name="wanted"/> or past it.</summary>
    public static bool Reached(string? state, string wanted) => Rank(state) >= Rank(wanted);

    /// <summary>True when it has ended in any way but an ack.</summary>
    public static bool Failed(string? state) => state is
        DirectiveState.Rejected or DirectiveState.Expired or DirectiveState.Cancelled or DirectiveState.Undeliverable;

    /// <summary>0 reached, 8 rejected, 9 ended without an ack, 10 neither when the time was up.</summary>
    public static int ExitCode(string? state, string wanted) => state switch
    {
        _ when Reached(state, wanted) => ExitCodes.Done,
        DirectiveState.Rejected => ExitCodes.Rejected,
        _ when Failed(state) => ExitCodes.Ended,
        _ => ExitCodes.TimedOut,
    };

    /// <summary>What a table does not say of a directive that did not get there.</summary>
    public static string Words(string agentId, string? state, string wanted, int seconds, string? note)
    {
        var why = note is { Length: > 0 } ? $": {note}" : "";
        return state switch
        {
            DirectiveState.Rejected => $"agent {agentId} rejected it{why}",
            _ when Failed(state) => $"the directive is {state}, and was never acknowledged{why}",
            DirectiveState.Accepted when why.Length > 0 => $"the directive is {state}, and not {wanted} after {seconds} s{why}",
            _ => $"the directive is {state}, and not {wanted} after {seconds} s; it stays in the inbox of agent {agentId}",
        };
    }

    /// <summary>What is said at once of a directive that has been accepted, while its acknowledgement is waited for.</summary>
    public static string Accepted(string agentId, string? note) =>
        $"agent {agentId} has accepted it{(note is { Length: > 0 } ? ": " + note : "")}; waiting for it to be acknowledged";

    private static int Rank(string? state)
    {
        for (var i = 0; i < DirectiveState.Waits.Count; i++)
        {
            if (DirectiveState.Waits[i] == state)
            {
                return i;
            }
        }

        return -1;
    }
}
