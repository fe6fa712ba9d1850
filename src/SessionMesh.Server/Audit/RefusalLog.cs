using System.Collections.Concurrent;
using SessionMesh.Contracts;
using SessionMesh.Core;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Audit;

/// <summary>
/// The newest refusals for lack of a right. Kept in memory only, outside the log, so that bad keys cost neither an fsync nor unbounded
/// memory. Beyond the rate limits, refusals are only counted. Thread-safe.
/// </summary>
public sealed class RefusalLog
{
    /// <summary>Maximum number of refusals kept: a few megabytes, as the length of every text is limited.</summary>
    public const int Kept = 10_000;

    /// <summary>Maximum number kept per second from one address: more would add nothing.</summary>
    public const int PerAddress = 50;

    /// <summary>Maximum number kept per second in all: a flood needs 50 s to push out what was there before.</summary>
    public const int PerSecond = 200;

    /// <summary>Maximum length of a reason; only one with an agent's id in it can be longer, and is cut.</summary>
    public const int ReasonLength = 256;

    private readonly MeshClock _clock;
    private readonly LastHour _hour;
    private readonly long _started;
    private readonly long _before;
    private readonly Lock _gate = new();
    private readonly Refusal?[] _ring = new Refusal?[Kept];
    private readonly Dictionary<string, int> _ofAddress = new(StringComparer.Ordinal); // at most PerSecond of them
    private readonly ConcurrentDictionary<AsyncSignal, byte> _listeners = new();
    private long _second = -1;
    private int _inSecond;
    private long _newest;
    private long _suppressed;

    public RefusalLog(MeshClock clock, LastHour hour)
    {
        (_clock, _hour) = (clock, hour);
        _started = clock.Time.GetTimestamp();
        _newest = _before = clock.Now().Wall << 8; // above anything an earlier process can have reached at PerSecond
    }

    /// <summary>Place of the newest refusal.</summary>
    public long Newest => Volatile.Read(ref _newest);

    /// <summary>Refusals since the start that were only counted.</summary>
    public long Suppressed => Volatile.Read(ref _suppressed);

    /// <summary>Keeps a refusal, or only counts it.</summary>
    /// <param name="subject">The subject of the call; by default the id in its path.</param>
    public void Record(HttpContext http, MeshError error, string? subject = null)
    {
        _hour.Refused();
        var address = http.RemoteAddress();
        if (!TryAdmit(address ?? ""))
        {
            Interlocked.Increment(ref _suppressed);
            return;
        }

        var refusal = new Refusal
        {
            Seq = 0,
            At = _clock.Now().Wall,
            Actor = http.Features.Get<Key>()?.Id ?? ClaimedKey.IdOf(http),
            Operation = http.GetEndpoint()?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName,
            Subject = SubjectOf(http, subject),
            Code = error.Code,
            Reason = error.Detail.Length > ReasonLength ? error.Detail[..ReasonLength] : error.Detail,
            RemoteAddress = address,
            RequestId = http.TraceIdentifier,
        };
        lock (_gate)
        {
            refusal = refusal with { Seq = _newest + 1 };
            _ring[refusal.Seq % Kept] = refusal;
            Volatile.Write(ref _newest, refusal.Seq);
        }

        foreach (var (signal, _) in _listeners)
        {
            signal.Set();
        }
    }

    /// <summary>Returns matches below a place, newest first.</summary>
    internal List<Refusal> Before(long seq, int most, Predicate<Refusal> matches) => Collect(Math.Min(seq - 1, Newest), -1, most, matches);

    /// <summary>Returns matches above a place, oldest first.</summary>
    internal List<Refusal> After(long seq, int most, Predicate<Refusal> matches) =>
        Collect(Math.Max(Math.Max(seq, _before), Newest - Kept) + 1, 1, most, matches);

    /// <summary>Sets the signal at each refusal that is kept, until the result is disposed of.</summary>
    internal IDisposable Listen(AsyncSignal signal)
    {
        _listeners.TryAdd(signal, 0);
        return new Listener(this, signal);
    }

    private List<Refusal> Collect(long from, int step, int most, Predicate<Refusal> matches)
    {
        var found = new List<Refusal>();
        lock (_gate)
        {
            for (var seq = from;
                seq > _newest - Kept && seq <= _newest && found.Count < most && _ring[seq % Kept] is { } refusal && refusal.Seq == seq;
                seq += step)
            {
                if (matches(refusal))
                {
                    found.Add(refusal);
                }
            }
        }

        return found;
    }

    private bool TryAdmit(string address)
    {
        lock (_gate)
        {
            var second = (long)_clock.Time.GetElapsedTime(_started).TotalSeconds;
            if (second != _second)
            {
                (_second, _inSecond) = (second, 0);
                _ofAddress.Clear();
            }

            var before = _ofAddress.GetValueOrDefault(address);
            if (before >= PerAddress || _inSecond >= PerSecond)
            {
                return false;
            }

            _ofAddress[address] = before + 1;
            _inSecond++;
            return true;
        }
    }

    /// <summary>The id, if it is well-formed; else null. Above all null for a key that was sent in place of its id.</summary>
    private static string? SubjectOf(HttpContext http, string? subject)
    {
        var route = http.Request.RouteValues;
        if (route["key_id"] is string keyId)
        {
            return keyId.Length == KeyToken.IdLength && MeshId.IsValid(keyId) ? keyId : null;
        }

        var id = subject ?? (route["id"] ?? route["directive_id"]) as string;
        var isNoKey = MeshId.IsValid(id) && !id!.Contains(KeyToken.Prefix, StringComparison.OrdinalIgnoreCase)
            && !id.Contains(KeyToken.RefreshPrefix, StringComparison.OrdinalIgnoreCase);
        return isNoKey ? id : null;
    }

    private sealed class Listener(RefusalLog log, AsyncSignal signal) : IDisposable
    {
        public void Dispose() => log._listeners.TryRemove(signal, out _);
    }
}
