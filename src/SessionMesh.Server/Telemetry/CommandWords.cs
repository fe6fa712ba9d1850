using System.Collections.Concurrent;
using System.Text.Json;

namespace SessionMesh.Server.Telemetry;

/// <summary>
/// What a command is called in metrics and traces: its type's name (<c>steer_agent</c>), so that there are as many as the program has.
/// </summary>
internal static class CommandName
{
    private static readonly ConcurrentDictionary<Type, string> s_names = new();

    public static string Of(object command) =>
        s_names.GetOrAdd(command.GetType(), static type => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name));
}

/// <summary>What became of a command.</summary>
internal static class CommandOutcome
{
    /// <summary>It changed something, and the disk has it.</summary>
    public const string Committed = "committed";

    /// <summary>There was nothing to change.</summary>
    public const string Unchanged = "unchanged";

    /// <summary>The mesh's rules refused it.</summary>
    public const string Refused = "refused";

    /// <summary>It had been executed before under its <c>Idempotency-Key</c>.</summary>
    public const string Replayed = "replayed";

    /// <summary>The server could not: a full disk, a store that refuses, a fault of its own.</summary>
    public const string Failed = "failed";

    /// <summary>It was not taken: too many wait.</summary>
    public const string Busy = "busy";
}
