using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Sessions;

/// <summary>Body of <c>POST /sessions/cleanup</c>; may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CleanupRequest
{
    /// <summary>Only what expired before this, to the microsecond; now by default.</summary>
    [JsonConverter(typeof(ExactTimeConverter))]
    public DateTimeOffset? Before { get; init; }

    /// <summary>Only say what would be removed.</summary>
    public bool? DryRun { get; init; }

    /// <summary>Sessions removed by one call, 1 to 10,000, which is the default.</summary>
    public int? Limit { get; init; }
}

/// <summary>Answer of <c>POST /sessions/cleanup</c>.</summary>
public sealed record CleanupAnswer
{
    public required bool DryRun { get; init; }
    public required int RemovedCount { get; init; }
    public required int RemainingCount { get; init; }
    public required IReadOnlyList<string> RemovedIds { get; init; }

    /// <summary>True when the limit of the call was reached and there is more to remove.</summary>
    public required bool More { get; init; }
}
