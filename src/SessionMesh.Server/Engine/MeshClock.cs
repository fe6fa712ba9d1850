using SessionMesh.Core;

namespace SessionMesh.Server.Engine;

/// <summary>
/// The lease clock and the log's clock, read together. Thread-safe, without a lock.
/// <para>
/// The <b>lease clock</b> is the machine's uptime: it never jumps, and it keeps running while the machine is suspended. Where the uptime
/// cannot be read, the monotonic clock takes its place.
/// </para>
/// <para>
/// The <b>log's clock</b> is the wall clock, except that it never goes back: setting the wall back revives no session and no key. While the
/// wall is behind, the log's clock follows the lease clock one percent slower, so that time does not stand still and the two meet again. A
/// jump of the wall that is absurdly far ahead is ignored, because what it would expire could not be brought back.
/// </para>
/// </summary>
public sealed class MeshClock
{
    /// <summary>
    /// How far the wall may be from the last change in the log at the start, in either direction, and how far it may jump ahead while the
    /// server runs. Less than a year, so that a mistyped year is noticed even by a server that was off for two months; far more than any
    /// correction of a clock that drifted.
    /// </summary>
    public static readonly TimeSpan MostApart = TimeSpan.FromDays(300);

    /// <summary>
    /// While ahead of the wall, the log's clock loses one part in this many: it makes up an hour in four days, and nothing expires later
    /// than that hour.
    /// </summary>
    private const int Slower = 100;

    /// <summary>How far behind the wall must be to count as set back; less can be the time between the two readings.</summary>
    private const long Behind = 10 * TimeSpan.TicksPerMillisecond;

    private readonly TimeProvider _time;
    private readonly IBootTime? _boot;
    private readonly long _timestamp;
    private readonly long _started;
    private Anchor _anchor;
    private Reference? _reference;

    public MeshClock(TimeProvider time)
    {
        _time = time;
        _timestamp = time.GetTimestamp();
        _boot = time is IBootTime { Uptime: not null } boot ? boot : null;
        _started = Uptime();
        _anchor = new(time.GetUtcNow().UtcTicks, 0, IsAhead: false);
    }

    public TimeProvider Time => _time;

    /// <summary>Whether the lease clock keeps running while the machine is suspended.</summary>
    public bool KnowsSuspends => _boot is not null;

    /// <summary>
    /// The wall clock itself, UTC, even when the log's clock does not follow it: this machine's, or the one that was last given to
    /// <see cref="Follow"/>.
    /// </summary>
    public DateTimeOffset Wall => new(WallTicks(), TimeSpan.Zero);

    /// <summary>
    /// Takes another wall clock in the place of this machine's, the one that all who share a log can ask; between two calls it goes on with
    /// the lease clock, whatever this machine's wall clock does. The first call is before anything is stamped. Ignored where somebody moves
    /// the clock by hand.
    /// </summary>
    /// <param name="wall">Wall milliseconds, read at some time within <paramref name="within"/> before this call.</param>
    public void Follow(long wall, TimeSpan within)
    {
        if (_time != MachineTime.Instance)
        {
            return;
        }

        var uptime = Uptime();
        var ticks = DateTimeOffset.FromUnixTimeMilliseconds(wall).UtcTicks + (within.Ticks / 2);
        var known = Volatile.Read(ref _reference);
        if (known is not null && Math.Abs(known.At(uptime) - ticks) <= within.Ticks / 2)
        {
            return;
        }

        Volatile.Write(ref _reference, new Reference(ticks, uptime));
        if (known is null)
        {
            Volatile.Write(ref _anchor, new Anchor(ticks, uptime - _started, IsAhead: false)); // nothing was stamped with this machine's
        }
    }

    public Moment Now()
    {
        // Read the wall first: a thread delayed between the two readings then sees the wall late, never early, and nothing runs ahead for
        // good.
        var wall = WallTicks();
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

    /// <summary>Returns the time, and raises the clock to at least <paramref name="floor"/> (wall milliseconds) for good.</summary>
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

    private long WallTicks() => Volatile.Read(ref _reference) is { } reference ? reference.At(Uptime()) : _time.GetUtcNow().UtcTicks;

    private static Moment ToMoment(long wall, long lease) =>
        new((wall - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMillisecond, lease / TimeSpan.TicksPerMillisecond);

    /// <summary>In ticks; only differences mean anything.</summary>
    private long Uptime() => _boot is { Uptime: { } uptime } ? uptime.Ticks : _time.GetElapsedTime(_timestamp).Ticks;

    /// <summary>A wall clock that was read at one time of the lease clock. Ticks.</summary>
    private sealed record Reference(long Wall, long Uptime)
    {
        public long At(long uptime) => Wall + (uptime - Uptime);
    }

    /// <summary>The log's clock at one time of the lease clock, and its pace from there. Ticks.</summary>
    /// <param name="IsAhead">Whether the wall is behind.</param>
    private sealed record Anchor(long Wall, long Lease, bool IsAhead)
    {
        /// <summary>
        /// A reading of the lease clock from before the anchor gives the anchor's time: another thread has just moved it.
        /// </summary>
        public long WallAt(long lease)
        {
            var passed = Math.Max(0, lease - Lease);
            return Wall + passed - (IsAhead ? passed / Slower : 0);
        }
    }
}
