namespace SessionMesh.Contracts.Audit;

/// <summary>Answer of <c>GET /audit</c>, newest first.</summary>
public sealed record AuditPage
{
    /// <summary>May be empty although there is a next page: one call looks through so much of the log, and no more.</summary>
    public required IReadOnlyList<AuditEntry> Entries { get; init; }

    /// <summary>Null at the end.</summary>
    public string? NextCursor { get; init; }

    /// <summary>Refusals since the server started that came too fast to be kept one by one.</summary>
    public required long Suppressed { get; init; }

    /// <summary>Where the record of what was done begins: what was older than the server keeps is gone.</summary>
    public long OldestRevision { get; init; }
}
