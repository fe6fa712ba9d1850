namespace SessionMesh.Contracts.Admin;

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

/// <summary>Rows of each table.</summary>
public sealed record StoreCounts
{
    public required long Changes { get; init; }
    public required long Agents { get; init; }
    public required long Directives { get; init; }
    public required long Keys { get; init; }

    /// <summary>Plain ones; 0 in a store of a version that had none.</summary>
    public required long Sessions { get; init; }
    public required long Receipts { get; init; }
}

/// <summary>Answer of <c>POST /admin/check</c>: what the store is like at one revision.</summary>
public sealed record CheckReport
{
    public required bool Ok { get; init; }

    /// <summary>What is wrong, a sentence each; empty when nothing is.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>The newest revision at that moment.</summary>
    public required long Revision { get; init; }
    public required long OldestRevision { get; init; }
    public required StoreCounts Counts { get; init; }
    public required long Bytes { get; init; }
}

/// <summary>Answer of <c>POST /admin/restore</c>.</summary>
public sealed record RestoreReport
{
    /// <summary>Whether the server restarts with it now; false for a dry run.</summary>
    public required bool Restarting { get; init; }

    /// <summary>The newest revision of the store that was sent.</summary>
    public required long Revision { get; init; }

    /// <summary>The newest revision of the store that it takes the place of.</summary>
    public required long CurrentRevision { get; init; }
    public required StoreCounts Counts { get; init; }

    /// <summary>
    /// Whether the key in <c>root.key</c> is a valid one with the scope <c>admin</c> there. If not, only keys from the time of the backup open
    /// the restored mesh.
    /// </summary>
    public required bool RootKeyValid { get; init; }

    /// <summary>What happens next, and where the present store goes.</summary>
    public required string Detail { get; init; }
}
