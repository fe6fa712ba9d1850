using SessionMesh.Core;

namespace SessionMesh.Server.Engine;

/// <summary>
/// Both clocks, read together. The wall never goes back below what the log has seen, so that a clock set back revives no
/// session and no key. Thread-safe.
/// </summary>
public sealed class MeshClock(TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private long _highWater;

    public TimeProvider Time => time;

    public Moment Now()
    {
        var wall = time.GetUtcNow().ToUnixTimeMilliseconds();
        var seen = Volatile.Read(ref _highWater);
        while (wall > seen)
        {
            var before = Interlocked.CompareExchange(ref _highWater, wall, seen);
            if (before == seen)
            {
                return new Moment(wall, Elapsed());
            }

            seen = before;
        }

        return new Moment(seen, Elapsed());
    }

    /// <summary>Now, but not before <paramref name="floor"/>, nor ever again.</summary>
    public Moment NotBefore(long floor)
    {
        InterlockedMax(floor);
        return Now();
    }

    private void InterlockedMax(long floor)
    {
        for (var seen = Volatile.Read(ref _highWater); floor > seen;)
        {
            var before = Interlocked.CompareExchange(ref _highWater, floor, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private long Elapsed() => (long)time.GetElapsedTime(_started).TotalMilliseconds;
}
