namespace SessionMesh.Core;

/// <summary>One reading of both clocks. Decisions never read a clock; they are given the time.</summary>
/// <param name="Wall">The log's clock: UTC, milliseconds since the Unix epoch; never earlier than the log's newest entry, so that a clock
/// set back revives nothing, and never at a standstill.</param>
/// <param name="Lease">The lease clock: milliseconds since the process started, time in which the machine was suspended included. Leases
/// and grace periods run on it: a jump of the wall clock kills nobody.</param>
public readonly record struct Moment(long Wall, long Lease)
{
    /// <summary>The wall time at which the lease clock showed <paramref name="lease"/>.</summary>
    public long WallAt(long lease) => Wall - (Lease - lease);
}
