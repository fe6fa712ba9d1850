namespace SessionMesh.Server.Auth.Limiting;

/// <summary>
/// A token bucket that is one number: the moment at which it will be full again. Taking moves that moment on by a request's cost,
/// and is refused where it would lie further away than the burst is worth. No timer, no lock, nothing to refill. Thread-safe.
/// </summary>
public class RateBucket
{
    private long _fullAt = long.MinValue;

    /// <summary>A full bucket is as good as none, and may be forgotten.</summary>
    public bool IsFull(long now) => Volatile.Read(ref _fullAt) <= now;

    /// <param name="now">Monotonic timestamp.</param>
    /// <param name="requests">How many requests it is worth. More than the burst are as many as the burst: they pass when nothing else
    /// does.</param>
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

/// <param name="Left">Requests that may come now.</param>
/// <param name="Debt">Ticks until the whole burst is there again.</param>
/// <param name="Wait">Ticks until one more may come, where this one may not.</param>
public readonly record struct RateVerdict(RatePolicy Policy, bool Taken, long Left, long Debt, long Wait)
{
    /// <summary>A tenth of the burst is left, or less: a caller that reads headers slows down before it is refused.</summary>
    public bool IsNear => Left * 10 < Policy.Burst;
}
