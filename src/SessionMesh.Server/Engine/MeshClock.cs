using SessionMesh.Core;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Both clocks, read together. Thread-safe, and without a lock.
/// <para>
/// The <b>lease clock</b> is the machine's uptime: it never jumps, and goes on while the machine is suspended. Where the uptime cannot be
/// read it is the monotonic clock.
/// </para>
/// <para>
/// The <b>log's clock</b> is the wall clock, but never goes back, so that a wall that is set back revives no session and no key. While
/// the wall is behind it, it advances with the lease clock, a hundredth slower: nothing freezes, and the two meet again. A wall that is
/// absurdly far ahead is not followed, because nothing could be taken back of what that would end.
/// </para>
/// </summary>
public sealed class MeshClock
{
    /// <summary>
    /// How far the wall may be from the last change of the log at the start, either way, and how far it may jump ahead while the server
    /// runs. Less than a year, so that a year mistyped is noticed whichever way it goes, also by a server that was off for two months;
    /// far more than a correction of a clock that merely ran free.
    /// </summary>
    public static readonly TimeSpan MostApart = TimeSpan.FromDays(300);

    /// <summary>
    /// While ahead of the wall, the log's clock loses one part in so many: an hour is made good in four days, and no end comes late by
    /// more.
    /// </summary>
    private const int Slower = 100;

    /// <summary>
    /// By so much the wall must be behind before it counts as set back; less is two readings that were not taken at once.
    /// </summary>
    private const long Behind = 10 * TimeSpan.TicksPerMillisecond;

    private readonly TimeProvider _time;
    private readonly IBootTime? _boot;
    private readonly long _timestamp;
    private readonly long _started;
    private Anchor _anchor;

    public MeshClock(TimeProvider time)
    {
        _time = time;
        _timestamp = time.GetTimestamp();
        _boot = time is IBootTime { Uptime: not null } boot ? boot : null;
        _started = Uptime();
        _anchor = new(time.GetUtcNow().UtcTicks, 0, IsAhead: false);
    }

    public TimeProvider Time => _time;

    /// <summary>Whether the lease clock goes on while the machine is suspended.</summary>
    public bool KnowsSuspends => _boot is not null;

    /// <summary>What the wall clock shows, whatever the log's does; UTC.</summary>
    public DateTimeOffset Wall => _time.GetUtcNow();

    public Moment Now()
    {
        // The wall first: a thread held up between the two readings sees it late, never early, and nothing is gained by that for good.
        var wall = _time.GetUtcNow().UtcTicks;
        var lease = Uptime() - _started;
        while (true)
        {
            var anchor = Volatile.Read(ref _anchor);
            var own = anchor.WallAt(lease);
            var next = wall > own && wall - own <= MostApart.Ticks ? new Anchor(wall, lease, IsAhead: false)
                : own - wall > Behind && !anchor.IsAhead ? new Anchor(own, lease, IsAhead: true)
                : null;
            if (next is null)
            {
                return ToMoment(own, lease);
            }

            if (ReferenceEquals(Interlocked.CompareExchange(ref _anchor, next, anchor), anchor))
            {
                return ToMoment(next.Wall, lease);
            }
        }
    }

    /// <summary>Now, but not before <paramref name="floor"/> (wall milliseconds), nor ever again.</summary>
    public Moment NotBefore(long floor)
    {
        var ticks = DateTimeOffset.FromUnixTimeMilliseconds(floor).UtcTicks;
        while (true)
        {
            var anchor = Volatile.Read(ref _anchor);
            var lease = Uptime() - _started;
            var raised = new Anchor(ticks, lease, IsAhead: true);
            if (anchor.WallAt(lease) >= ticks || ReferenceEquals(Interlocked.CompareExchange(ref _anchor, raised, anchor), anchor))
            {
                return Now();
            }
        }
    }

    private static Moment ToMoment(long wall, long lease) =>
        new((wall - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMillisecond, lease / TimeSpan.TicksPerMillisecond);

    /// <summary>Ticks, from anywhere.</summary>
    private long Uptime() => _boot is { Uptime: { } uptime } ? uptime.Ticks : _time.GetElapsedTime(_timestamp).Ticks;

    /// <summary>What the log's clock showed at a time on the lease clock, and how it goes on from there. Ticks.</summary>
    /// <param name="IsAhead">The wall is behind it.</param>
    private sealed record Anchor(long Wall, long Lease, bool IsAhead)
    {
        /// <summary>
        /// A reading of the lease clock from before the anchor shows the anchor's time: it was taken, and overtaken, a moment ago.
        /// </summary>
        public long WallAt(long lease)
        {
            var passed = Math.Max(0, lease - Lease);
            return Wall + passed - (IsAhead ? passed / Slower : 0);
        }
    }
}
