namespace SessionMesh.Core;

/// <summary>
/// One reading of both clocks. Deciding never reads a clock; it is told.
/// </summary>
/// <param name="Wall">UTC, milliseconds since the Unix epoch; never earlier than the log's newest entry, so that a clock
/// set back revives nothing.</param>
/// <param name="Lease">Monotonic, milliseconds since the process started. Leases run on it: a jump of the wall clock kills nobody.</param>
public readonly record struct Moment(long Wall, long Lease)
{
    /// <summary>The wall time at which the monotonic clock showed <paramref name="lease"/>.</summary>
    public long WallAt(long lease) => Wall - (Lease - lease);
}
