using SessionMesh.Core;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Tells, from looks that should be a second apart, whether the server was away in between: stopped, starved, or suspended with its
/// machine. The lease clock shows all of these as a late look. Where that clock stops during a suspend, the only sign is a wall clock that
/// gained as much. A wall clock that was set forward looks the same and is treated the same: a lease that starts over harms nobody. Not
/// thread-safe.
/// </summary>
internal sealed class StallWatch
{
    private const long Period = 1000;

    private readonly MeshClock _clock;
    private long _lease;
    private long _wall;

    public StallWatch(MeshClock clock)
    {
        _clock = clock;
        (_lease, _wall) = (clock.Now().Lease, clock.Wall.ToUnixTimeMilliseconds());
    }

    /// <summary>Null if the look is on time.</summary>
    public Absence? Look(Moment now)
    {
        var wall = _clock.Wall.ToUnixTimeMilliseconds();
        var late = now.Lease - _lease - Period;
        var gained = _clock.KnowsSuspends ? late : Math.Max(late, wall - _wall - Period);
        (_lease, _wall) = (now.Lease, wall);
        return gained > LeaseBook.StallAfter ? new(gained, Math.Max(0, late)) : null;
    }
}

/// <summary>A time in which the server did nothing. Milliseconds.</summary>
/// <param name="Length">How long it was, as far as can be told.</param>
/// <param name="OnLeaseClock">How much of it the lease clock counted.</param>
internal readonly record struct Absence(long Length, long OnLeaseClock);
