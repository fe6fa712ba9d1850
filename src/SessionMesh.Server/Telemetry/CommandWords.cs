using System.Collections.Concurrent;
using System.Text.Json;

namespace SessionMesh.Server.Telemetry;

/// <summary>
/// The name of a command in metrics and traces: its type's name in snake case (<c>steer_agent</c>), so that their number is fixed.
/// </summary>
internal static class CommandName
{
    private static readonly ConcurrentDictionary<Type, string> s_names = new();

    public static string Of(object command) =>
        s_names.GetOrAdd(command.GetType(), static type => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name));
}

/// <summary>The outcome of a command.</summary>
internal static class CommandOutcome
{
    /// <summary>It changed something, and the change is on the disk.</summary>
    public const string Committed = "committed";

    /// <summary>There was nothing to change.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>The mesh's rules refused it.</summary>
    public const string Refused = "refused";

    /// <summary>It was executed before under the same <c>Idempotency-Key</c>.</summary>
    public const string Replayed = "replayed";

    /// <summary>The server could not execute it: a full disk, an error of the store, or a bug.</summary>
    public const string Failed = "failed";

    /// <summary>The queue was full.</summary>
    public const string Busy = "busy";
}
