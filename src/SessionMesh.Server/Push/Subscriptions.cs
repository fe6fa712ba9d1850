using System.Collections.Concurrent;

namespace SessionMesh.Server.Push;

/// <summary>
/// Who wants to hear when an agent changes: open streams, long polls and calls that wait for an ack. They get a signal and
/// look at the state themselves, so that a slow one holds nothing up and misses nothing. Thread-safe.
/// </summary>
public sealed class Subscriptions
{
    private readonly ConcurrentDictionary<int, Subscription[]> _byAgent = new();
    private readonly ConcurrentDictionary<string, Subscription[]> _byKey = new(StringComparer.Ordinal);

    /// <summary>Listens to one agent on behalf of one key. Dispose it to stop.</summary>
    public Subscription Listen(int agent, string keyId)
    {
        var subscription = new Subscription(this, agent, keyId);
        Add(_byAgent, agent, subscription);
        Add(_byKey, keyId, subscription);
        return subscription;
    }

    public void Signal(int agent)
    {
        if (_byAgent.TryGetValue(agent, out var listeners))
        {
            SignalAll(listeners);
        }
    }

    public void SignalKey(string keyId)
    {
        if (_byKey.TryGetValue(keyId, out var listeners))
        {
            SignalAll(listeners);
        }
    }

    /// <summary>Wakes everybody, at shutdown.</summary>
    public void SignalEverybody()
    {
        foreach (var listeners in _byAgent.Values)
        {
            SignalAll(listeners);
        }
    }

    internal void Remove(Subscription subscription)
    {
        Remove(_byAgent, subscription.Agent, subscription);
        Remove(_byKey, subscription.KeyId, subscription);
    }

    private static void SignalAll(Subscription[] listeners)
    {
        foreach (var listener in listeners)
        {
            listener.Changed.Set();
        }
    }

    private static void Add<TKey>(ConcurrentDictionary<TKey, Subscription[]> index, TKey key, Subscription added) where TKey : notnull =>
        index.AddOrUpdate(key, static (_, one) => [one], static (_, listeners, one) => [.. listeners, one], added);

    private static void Remove<TKey>(ConcurrentDictionary<TKey, Subscription[]> index, TKey key, Subscription gone) where TKey : notnull
    {
        while (index.TryGetValue(key, out var listeners))
        {
            var left = Array.FindAll(listeners, one => one != gone);
            var removed = left.Length == 0
                ? index.TryRemove(new KeyValuePair<TKey, Subscription[]>(key, listeners))
                : index.TryUpdate(key, left, listeners);
            if (removed)
            {
                return;
            }
        }
    }
}

/// <summary>One listener. <see cref="Changed"/> says "look again", not what changed.</summary>
public sealed class Subscription(Subscriptions owner, int agent, string keyId) : IDisposable
{
    public int Agent => agent;
    public string KeyId => keyId;
    public AsyncSignal Changed { get; } = new();

    public void Dispose() => owner.Remove(this);
}
