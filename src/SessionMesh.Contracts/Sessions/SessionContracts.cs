using System.Text.Json.Serialization;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Sessions;

/// <summary>What a session can be.</summary>
public static class SessionStatus
{
    public const string Active = "active";
    public const string Expired = "expired";

    public static readonly IReadOnlyList<string> All = [Active, Expired];
}

/// <summary>Body of <c>POST /sessions</c>; every member may be left out, and so may the body.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CreateSessionRequest
{
    /// <summary>Chosen by the server unless given: 12 lower-case hex digits.</summary>
    [JsonConverter(typeof(IdTextConverter))]
    public string? Id { get; init; }

    /// <summary><c>anonymous</c> by default.</summary>
    public string? User { get; init; }

    /// <summary>Seconds, from one to a year; 3600 by default; the word <c>none</c> for a session without an end.</summary>
    [JsonConverter(typeof(SessionTtlConverter))]
    public int? Ttl { get; init; }

    /// <summary>Text by name.</summary>
    public IReadOnlyDictionary<string, string>? Meta { get; init; }
}

/// <summary>Body of <c>PATCH /sessions/{id}</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record UpdateSessionRequest
{
    /// <summary>A text sets the entry, null takes it away; what is not named stays.</summary>
    public IReadOnlyDictionary<string, string?>? Meta { get; init; }
}

/// <summary>Body of <c>POST /sessions/{id}/refresh</c>; may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RefreshSessionRequest
{
    /// <summary>Seconds, or <c>none</c>; what the session has by default.</summary>
    [JsonConverter(typeof(SessionTtlConverter))]
    public int? Ttl { get; init; }
}

/// <summary>Body of <c>POST /sessions/cleanup</c>; may be left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CleanupRequest
{
    /// <summary>Only what expired before this; now by default.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Only say what would be removed.</summary>
    public bool? DryRun { get; init; }

    /// <summary>Sessions removed by one call, 1 to 10,000, which is the default.</summary>
    public int? Limit { get; init; }
}

/// <summary>A session. Times have microseconds where they are not zero, as the records that are imported have.</summary>
public sealed record SessionRow
{
    public required string Id { get; init; }
    public required string User { get; init; }

    /// <summary>One of <see cref="SessionStatus"/>; never <c>active</c> after <see cref="ExpiresAt"/>.</summary>
    public required string Status { get; init; }

    /// <summary>Seconds; null for a session without an end.</summary>
    public int? Ttl { get; init; }
    public required IReadOnlyDictionary<string, string> Meta { get; init; }
    public required string CreatedAt { get; init; }
    public required string LastAccess { get; init; }
    public string? ExpiresAt { get; init; }

    /// <summary>When it was expired by hand; null otherwise.</summary>
    public string? ExpiredAt { get; init; }

    /// <summary>The agent whose registration this is; null for a plain session.</summary>
    public string? AgentId { get; init; }

    /// <summary>Revision of the last change of it; also the <c>ETag</c>, in quotes.</summary>
    public required long Version { get; init; }
}

/// <summary>Answer of <c>GET /sessions</c>, oldest first.</summary>
public sealed record SessionPage
{
    public required IReadOnlyList<SessionRow> Sessions { get; init; }

    /// <summary>Rows in this page.</summary>
    public required int Count { get; init; }
    public string? NextCursor { get; init; }
}

/// <summary>Answer of <c>DELETE /sessions/{id}</c>.</summary>
public sealed record DeletedSession
{
    public required string Deleted { get; init; }
}

/// <summary>Answer of <c>GET /sessions/stats</c>, about plain sessions.</summary>
public sealed record SessionStats
{
    public required int TotalSessions { get; init; }
    public required int Active { get; init; }
    public required int Expired { get; init; }
    public required int UniqueUsers { get; init; }

    /// <summary>Of those that have one; one decimal, 0 where none has.</summary>
    public required double AverageTtlSeconds { get; init; }
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

/// <summary>Answer of <c>POST /sessions/import</c>, whose body is a record a line.</summary>
public sealed record ImportAnswer
{
    public required bool DryRun { get; init; }

    /// <summary>Lines that were not empty.</summary>
    public required int Lines { get; init; }
    public required int Imported { get; init; }

    /// <summary>Ids that are there already, whatever they hold: nothing is overwritten.</summary>
    public required int Existing { get; init; }

    /// <summary>Lines that were left out.</summary>
    public required int SkippedCount { get; init; }

    /// <summary>The first 1,000 of them.</summary>
    public required IReadOnlyList<SkippedLine> Skipped { get; init; }
}

/// <summary>A line that was not imported.</summary>
public sealed record SkippedLine
{
    /// <summary>From 1.</summary>
    public required int Line { get; init; }

    /// <summary><c>broken</c>, <c>other_kind</c>, <c>invalid</c>, <c>too_long</c>.</summary>
    public required string Code { get; init; }
    public required string Reason { get; init; }
}
