namespace SessionMesh.Core.Leases;

/// <summary>
/// How many leases lapsed lately, counted by the second. Its cost depends neither on the fleet nor on how many lapse. Thread-safe.
/// </summary>
public sealed class LapseWindow
{
    /// <summary>
    /// Seconds that it looks back at most. A fleet whose TTL is longer dies more slowly than a sixtieth a second (its beats, and so its
    /// lapses, are spread over a third of the TTL), so that the brake has nothing to hold back.
    /// </summary>
    public const int Longest = 300;

    private readonly Lock _gate = new();
    private readonly int[] _counts = new int[Longest];
    private long _newest;

    /// <summary>One lapsed.</summary>
    /// <param name="at">Milliseconds on the lease clock, 0 or later.</param>
    public void Count(long at)
    {
        lock (_gate)
        {
            var second = Advance(at);
            _counts[second % Longest]++;
        }
    }

    /// <summary>How many lapsed in the <paramref name="seconds"/> up to <paramref name="now"/>, the second that runs included.</summary>
    public int Within(int seconds, long now)
    {
        lock (_gate)
        {
            var newest = Advance(now);
            var sum = 0;
            for (var second = newest; second > Math.Max(-1, newest - Math.Min(seconds, Longest)); second--)
            {
                sum += _counts[second % Longest];
            }

            return sum;
        }
    }

    /// <summary>Drops what is too old; returns the current second. A time before the newest counts as the newest.</summary>
    private long Advance(long at)
    {
        var second = Math.Max(_newest, at / 1000);
        for (var next = Math.Max(_newest + 1, second - Longest + 1); next <= second; next++)
        {
            _counts[next % Longest] = 0;
        }

        return _newest = second;
    }
}
