namespace SessionMesh.Server.Auth.Limiting;

/// <summary>
/// A token bucket kept as one number: the time at which it will be full again. A request moves that time on by its cost, and is refused if
/// the time would then be further away than a whole burst. No timer, no lock, no refill. Thread-safe.
/// </summary>
public class RateBucket
{
    private long _fullAt = long.MinValue;

    /// <summary>A full bucket is the same as a new one, and may be dropped.</summary>
    public bool IsFull(long now) => Volatile.Read(ref _fullAt) <= now;

    /// <param name="now">Monotonic timestamp.</param>
    /// <param name="requests">
    /// How many requests the call counts for. More than the burst count as the burst: they pass only when the bucket is full.
    /// </param>
    public RateVerdict Take(RatePolicy policy, long now, int requests = 1)
    {
        var most = policy.Cost * policy.Burst;
        var cost = policy.Cost * Math.Min(requests, policy.Burst);
        while (true)
        {
            var seen = Volatile.Read(ref _fullAt);
            var next = Math.Max(seen, now) + cost;
            if (next - now > most)
            {
                return new RateVerdict(policy, Taken: false, Left: 0, Debt: next - cost - now, Wait: next - now - most);
            }

            if (Interlocked.CompareExchange(ref _fullAt, next, seen) == seen)
            {
                return new RateVerdict(policy, Taken: true, Left: (most - (next - now)) / policy.Cost, Debt: next - now, Wait: 0);
            }
        }
    }
}

/// <param name="Left">Requests that may be sent now.</param>
/// <param name="Debt">Ticks until the bucket is full again.</param>
/// <param name="Wait">For a refused request, ticks until it would pass.</param>
public readonly record struct RateVerdict(RatePolicy Policy, bool Taken, long Left, long Debt, long Wait)
{
    /// <summary>Less than a tenth of the burst is left: a caller that reads the headers can slow down before it is refused.</summary>
    public bool IsNear => Left * 10 < Policy.Burst;
}
