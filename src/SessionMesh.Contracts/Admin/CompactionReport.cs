namespace SessionMesh.Contracts.Admin;

/// <summary>Answer of <c>GET</c> and <c>POST /admin/compact</c>: the pass that runs, or the last one.</summary>
public sealed record CompactionReport
{
    public required bool Running { get; init; }

    /// <summary>Null when there was no pass since the server started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Whether the store refused a step; the next pass goes on.</summary>
    public required bool Failed { get; init; }
    public required RemovedRows Removed { get; init; }

    /// <summary>Where the log begins.</summary>
    public required long OldestRevision { get; init; }

    /// <summary>Size of the database, what is free in it included.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of the database that are free, and will be used again before it grows.</summary>
    public required long FreeBytes { get; init; }
    public required RetentionTimes Retention { get; init; }
}

/// <summary>What a pass of compaction has removed, in rows; and how many agents it has forgotten.</summary>
public sealed record RemovedRows
{
    /// <summary>Entries of the log.</summary>
    public required long Changes { get; init; }
    public required long Directives { get; init; }
    public required long Keys { get; init; }
    public long Agents { get; init; }
}

/// <summary>How long is kept what is over, in seconds; null for ever.</summary>
public sealed record RetentionTimes
{
    public long? Log { get; init; }
    public long? Directives { get; init; }
    public long? Keys { get; init; }
    public long? Sessions { get; init; }
    public long? Agents { get; init; }
}
