using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;

namespace SessionMesh.Server.Auth.Limiting;

/// <summary>
/// Limits what one caller may ask of the server: requests per second, for each key and for each address without a key, and held answers.
/// Each key has its own budget, so that one that floods takes nothing from the others. Thread-safe.
/// </summary>
public sealed class Limiter(ServerOptions options, MeshClock clock)
{
    /// <summary>
    /// The <c>Retry-After</c> of a refused stream, in seconds: the longest that a reader waits before it reconnects after being cut off.
    /// </summary>
    private const int StreamRetry = 3;

    private readonly RatePolicy? _each = Policy("key", options.RateLimit, clock);
    private readonly RatePolicy? _all = Policy("global", options.GlobalRateLimit, clock);
    private readonly RatePolicy? _anonymous = Policy("address", options.AnonymousRateLimit, clock);
    private readonly RateBucket _together = new();
    private readonly KeyUsages _keys = new(clock.Time);
    private readonly AddressBuckets _addresses = new(clock.Time);

    /// <summary>Null if a request without a valid key is within its limit; else the refusal.</summary>
    public MeshError? Anonymous(HttpContext http) =>
        _anonymous is null
            ? null
            : Take(http, _addresses.Of(http.Connection.RemoteIpAddress), _anonymous, "without a valid key from this address");

    /// <summary>
    /// Null if a request of that key is within its limits; else the refusal. A key with the admin scope is never limited: the operator must
    /// get in while others flood.
    /// </summary>
    /// <param name="requests">How many requests the call counts for.</param>
    public MeshError? OfKey(HttpContext http, Key key, int requests = 1)
    {
        if (key.Has(ScopeSet.Administer))
        {
            return null;
        }

        var refused = _each is null ? null : Take(http, _keys.Of(key.Lineage), _each, "of this key", requests);
        return refused is null && _all is not null ? Take(http, _together, _all, "of all keys together", requests) : refused;
    }

    /// <summary>
    /// Counts a held or streaming answer against the key; null if the key has as many as it may. Dispose of the result when the answer
    /// ends.
    /// </summary>
    public HeldAnswer? TryHold(Key key)
    {
        while (true)
        {
            var usage = _keys.Of(key.Lineage);
            switch (usage.TryHold(MostHeld(key)))
            {
                case true: return new HeldAnswer(usage);
                case false: return null;
            }
        }
    }

    public MeshError TooManyHeld(Key key) =>
        new(ErrorKind.Exhausted, ErrorCodes.TooManyStreams,
            $"This key has {MostHeld(key)} streams and held answers open, and may have no more. Close one, or use another "
            + "key.") { RetryAfter = StreamRetry };

    private int MostHeld(Key key) =>
        key.AgentId is null ? options.MaxStreamsPerKey : Math.Min(options.MaxStreamsPerKey, Limits.StreamsPerAgentKey);

    private MeshError? Take(HttpContext http, RateBucket bucket, RatePolicy policy, string whose, int requests = 1)
    {
        var verdict = bucket.Take(policy, clock.Time.GetTimestamp(), requests);
        if (verdict is { Taken: true, IsNear: false })
        {
            return null;
        }

        http.Response.Headers["RateLimit-Policy"] = policy.PolicyHeader;
        http.Response.Headers["RateLimit"] = policy.Header(verdict.Left, verdict.Debt);
        return verdict.Taken
            ? null
            : new MeshError(ErrorKind.Exhausted, ErrorCodes.RateLimited,
                $"Too many requests {whose}. Wait as long as Retry-After says, and send fewer: one POST {Routes.Heartbeats} carries many "
                + "heartbeats.")
            {
                RetryAfter = policy.Seconds(verdict.Wait),
            };
    }

    private static RatePolicy? Policy(string name, int perSecond, MeshClock clock) =>
        perSecond == 0 ? null : new RatePolicy(name, perSecond, clock.Time.TimestampFrequency);
}

/// <summary>A held answer that counts against its key until it is disposed of. Dispose of it once.</summary>
public sealed class HeldAnswer(KeyUsage usage) : IDisposable
{
    public void Dispose() => usage.Release();
}
