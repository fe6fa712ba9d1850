using System.Collections.Concurrent;
using SessionMesh.Core;

namespace SessionMesh.Server.Push;

/// <summary>
/// The newest changes of the log, in memory. A follower keeps its own place and reads at its own pace; one that falls further behind reads
/// the table. Nothing is queued per follower. Thread-safe.
/// </summary>
public sealed class ChangeFeed
{
    /// <summary>Changes kept: at 20,000 a second, a follower may pause for 0.4 s before it has to read the table.</summary>
    public const int Kept = 8192;

    /// <summary>Maximum bytes kept, by <see cref="Change.Weight"/>; the newest batch is kept whatever it weighs.</summary>
    public const long KeptBytes = 32 << 20;

    private readonly Lock _gate = new();
    private readonly Change?[] _ring = new Change?[Kept];
    private readonly ConcurrentDictionary<FeedFollower, byte> _followers = new();
    private readonly SignalIndex<string> _byKey = new();
    private long _newest;
    private long _oldest = 1;
    private long _weight;

    /// <summary>Total weight of the kept changes.</summary>
    public long Weight => Volatile.Read(ref _weight);

    /// <summary>How many follow now.</summary>
    internal int Followers => _followers.Count;

    public FeedFollower Follow(string keyId)
    {
        var follower = new FeedFollower(this, keyId);
        follower.KeyLink = _byKey.Add(keyId, follower.Changed);
        _followers.TryAdd(follower, 0);
        return follower;
    }

    public void Append(IReadOnlyList<Change> changes)
    {
        lock (_gate)
        {
            foreach (var change in changes)
            {
                ref var place = ref _ring[change.Revision % Kept];
                _weight += change.Weight - (place?.Weight ?? 0);
                place = change;
            }

            _newest = changes[^1].Revision;
            _oldest = Math.Max(_oldest, _newest - Kept + 1);
            for (; _weight > KeptBytes && _oldest < changes[0].Revision; _oldest++)
            {
                ref var place = ref _ring[_oldest % Kept];
                _weight -= place?.Weight ?? 0;
                place = null;
            }
        }

        foreach (var (follower, _) in _followers)
        {
            follower.Changed.Set();
        }
    }

    /// <summary>
    /// Returns up to <paramref name="most"/> changes after <paramref name="revision"/>, oldest first; null if the first of them is not kept
    /// here, and the table must be read.
    /// </summary>
    /// <param name="committed">The newest committed revision: nothing is returned after it.</param>
    public List<Change>? After(long revision, long committed, int most)
    {
        lock (_gate)
        {
            if (revision >= committed)
            {
                return [];
            }

            if (revision + 1 > _newest || _ring[(revision + 1) % Kept] is not { } first || first.Revision != revision + 1)
            {
                return null;
            }

            var changes = new List<Change>();
            for (var next = revision + 1; next <= _newest && changes.Count < most; next++)
            {
                changes.Add(_ring[next % Kept]!);
            }

            return changes;
        }
    }

    public void SignalKey(string keyId) => _byKey.Signal(keyId);

    public void SignalEverybody()
    {
        foreach (var (follower, _) in _followers)
        {
            follower.Changed.Set();
        }
    }

    internal void Remove(FeedFollower follower)
    {
        if (_followers.TryRemove(follower, out _))
        {
            _byKey.Remove(follower.KeyId, follower.KeyLink!);
        }
    }
}

/// <summary>A follower of the log. Dispose of it to stop.</summary>
public sealed class FeedFollower(ChangeFeed feed, string keyId) : IDisposable
{
    public string KeyId => keyId;
    public AsyncSignal Changed { get; } = new();
    internal SignalLink? KeyLink { get; set; }

    public void Dispose() => feed.Remove(this);
}
