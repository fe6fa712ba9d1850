namespace SessionMesh.Contracts.Admin;

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
    /// Whether the key in `root.key` is a valid one with the scope `admin` there. If not, only keys from the time of the backup open
    /// the restored mesh.
    /// </summary>
    public required bool RootKeyValid { get; init; }

    /// <summary>What happens next, and where the present store goes.</summary>
    public required string Detail { get; init; }
}
