namespace SessionMesh.Server.Auth.Limiting;

/// <summary>A rate that may be exceeded for a moment: so many requests a second in the long run, so many at once. Immutable.</summary>
/// <param name="name">What the <c>RateLimit</c> headers call it.</param>
public sealed class RatePolicy(string name, int perSecond, long ticksPerSecond)
{
    /// <summary>
    /// Seconds' worth of requests that may come at once: a fleet that comes back after the server's own absence registers, beats and
    /// reads its inbox within a moment.
    /// </summary>
    public const int BurstSeconds = 4;

    public int Burst { get; } = perSecond * BurstSeconds;

    /// <summary>Ticks of the monotonic clock that one request costs.</summary>
    public long Cost { get; } = Math.Max(1, ticksPerSecond / perSecond);

    public long TicksPerSecond => ticksPerSecond;

    /// <summary>As in the IETF draft of the RateLimit header fields: a quota, and the window it is for.</summary>
    public string PolicyHeader { get; } = $"\"{name}\";q={perSecond * BurstSeconds};w={BurstSeconds}";

    /// <param name="left">Requests that may come now.</param>
    /// <param name="debt">Ticks until the whole burst is there again.</param>
    public string Header(long left, long debt) => $"\"{name}\";r={left};t={Seconds(debt)}";

    /// <summary>Whole seconds, at least one.</summary>
    public int Seconds(long ticks) => (int)Math.Max(1, (ticks + ticksPerSecond - 1) / ticksPerSecond);
}
