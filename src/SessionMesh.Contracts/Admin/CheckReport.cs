namespace SessionMesh.Contracts.Admin;

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
