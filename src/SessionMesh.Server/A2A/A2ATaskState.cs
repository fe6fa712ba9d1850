using System.Globalization;
using SessionMesh.Core.Agents;

namespace SessionMesh.Server.A2A;

/// <summary>
/// The state of a task: a life works until it is proven to be over. A silent, lost or stopping agent may still run, and so may one that was
/// ended by force without a report, so none of these is an end. What the agent says it is doing is in the task's metadata: it changes with
/// every heartbeat, and a state that ends streams must not.
/// </summary>
internal static class A2ATaskState
{
    public const string Working = "TASK_STATE_WORKING";

    /// <summary>It ended by itself, and not with an error.</summary>
    public const string Completed = "TASK_STATE_COMPLETED";

    /// <summary>It ended by itself with an error, or by a signal.</summary>
    public const string Failed = "TASK_STATE_FAILED";

    /// <summary>It ended after it was asked to stop.</summary>
    public const string Canceled = "TASK_STATE_CANCELED";

    public static readonly string[] All =
    [
        "TASK_STATE_SUBMITTED", Working, Completed, Failed, Canceled, "TASK_STATE_INPUT_REQUIRED", "TASK_STATE_REJECTED",
        "TASK_STATE_AUTH_REQUIRED",
    ];

    public static string Of(Agent agent) => agent is { HasEnded: true, LastExit: { } exit }
        ? Ended(agent.Stop is not null, exit.ExitCode, exit.Signal)
        : Working;

    /// <param name="asked">Whether it was asked to stop.</param>
    public static string Ended(bool asked, int? exitCode, string? signal) =>
        asked ? Canceled : exitCode is null or 0 && signal is null ? Completed : Failed;

    /// <summary>An end in words.</summary>
    public static string Words(int? exitCode, string? signal, string? reason)
    {
        var how = signal is not null ? $"The agent ended by signal {signal}"
            : exitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"The agent ended with exit code {code}")
            : "The agent ended";
        return reason is null ? how + "." : $"{how}: {reason}";
    }
}
