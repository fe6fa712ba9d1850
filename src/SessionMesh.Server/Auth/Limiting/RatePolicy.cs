namespace SessionMesh.Server.Auth.Limiting;

/// <summary>A rate limit: requests per second in the long run, and a burst at once. Immutable.</summary>
/// <param name="name">Its name in the <c>RateLimit</c> headers.</param>
public sealed class RatePolicy(string name, int perSecond, long ticksPerSecond)
{
    /// <summary>
    /// The burst, in seconds' worth of requests: after the server was away, a whole fleet registers, beats and reads its inbox at once.
    /// </summary>
    public const int BurstSeconds = 4;

    public int Burst { get; } = perSecond * BurstSeconds;

    /// <summary>Cost of one request, in ticks of the monotonic clock.</summary>
    public long Cost { get; } = Math.Max(1, ticksPerSecond / perSecond);

    public long TicksPerSecond => ticksPerSecond;

    /// <summary>The <c>RateLimit-Policy</c> header of the IETF draft: a quota and its window.</summary>
    public string PolicyHeader { get; } = $"\"{name}\";q={perSecond * BurstSeconds};w={BurstSeconds}";

    /// <param name="left">Requests that may be sent now.</param>
    /// <param name="debt">Ticks until the bucket is full again.</param>
    public string Header(long left, long debt) => $"\"{name}\";r={left};t={Seconds(debt)}";

    /// <summary>In whole seconds, rounded up, at least one.</summary>
    public int Seconds(long ticks) => (int)Math.Max(1, (ticks + ticksPerSecond - 1) / ticksPerSecond);
}
