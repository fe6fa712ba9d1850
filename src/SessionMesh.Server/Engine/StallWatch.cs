using SessionMesh.Core;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Tells, from looks that should be a second apart, whether the server was away between two of them: stopped, starved, or suspended with
/// its machine. The lease clock shows all of these as a late look. Where it stands still in a suspend, a wall clock that gained as much
/// is the only sign there is; that a clock was set forward then looks the same, and is taken for it, because a lease that begins anew
/// harms nobody. One thread's alone.
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

    /// <summary>Null when the look came in time.</summary>
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
/// <param name="OnLeaseClock">How much of it the lease clock went on.</param>
internal readonly record struct Absence(long Length, long OnLeaseClock);
