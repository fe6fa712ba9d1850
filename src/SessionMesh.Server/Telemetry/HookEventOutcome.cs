namespace SessionMesh.Server.Telemetry;

/// <summary>What became of an event of a coding agent's hook.</summary>
internal static class HookEventOutcome
{
    public const string Taken = "taken";

    /// <summary>Of a kind that is not known, or of which nothing comes.</summary>
    public const string Unknown = "unknown";

    /// <summary>Without the id of a session.</summary>
    public const string WithoutId = "without_id";

    /// <summary>No JSON object, or more than 16 MiB.</summary>
    public const string Unreadable = "unreadable";
}
