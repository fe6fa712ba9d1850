namespace SessionMesh.Contracts.Sessions;

/// <summary>A session. Times have microseconds where they are not zero, as the records that are imported have.</summary>
public sealed record SessionRow
{
    public required string Id { get; init; }
    public required string User { get; init; }

    /// <summary>One of <see cref="SessionStatus"/>; never <c>active</c> after <see cref="ExpiresAt"/>.</summary>
    public required string Status { get; init; }

    /// <summary>
    /// Seconds; null for a session without an end. Whole and above 0, but for a record that was imported with another number.
    /// </summary>
    public double? Ttl { get; init; }
    public required IReadOnlyDictionary<string, string> Meta { get; init; }
    public required string CreatedAt { get; init; }
    public required string LastAccess { get; init; }
    public string? ExpiresAt { get; init; }

    /// <summary>When it was last expired by hand; null for never.</summary>
    public string? ExpiredAt { get; init; }

    /// <summary>The agent whose registration this is; null for a plain session.</summary>
    public string? AgentId { get; init; }

    /// <summary>Revision of the last change of it; also the <c>ETag</c>, in quotes.</summary>
    public required long Version { get; init; }
}

/// <summary>What a session can be.</summary>
public static class SessionStatus
{
    public const string Active = "active";
    public const string Expired = "expired";

    public static readonly IReadOnlyList<string> All = [Active, Expired];
}

/// <summary>Answer of <c>GET /sessions</c>, oldest first.</summary>
public sealed record SessionPage
{
    public required IReadOnlyList<SessionRow> Sessions { get; init; }

    /// <summary>Rows in this page.</summary>
    public required int Count { get; init; }
    public string? NextCursor { get; init; }
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
