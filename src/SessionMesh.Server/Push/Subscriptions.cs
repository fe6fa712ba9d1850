namespace SessionMesh.Server.Push;

/// <summary>
/// Who wants to hear when an agent changes: open streams, long polls and calls that wait for an ack. They get a signal and
/// look at the state themselves, so that a slow one holds nothing up and misses nothing. Thread-safe.
/// </summary>
public sealed class Subscriptions
{
    private readonly SignalIndex<int> _byAgent = new();
    private readonly SignalIndex<string> _byKey = new();

    /// <summary>Listens to one agent on behalf of one key. Dispose it to stop.</summary>
    public Subscription Listen(int agent, string keyId) => new(this, agent, keyId);

    public void Signal(int agent) => _byAgent.Signal(agent);

    public void SignalKey(string keyId) => _byKey.Signal(keyId);

    /// <summary>Wakes everybody, at shutdown.</summary>
    public void SignalEverybody() => _byAgent.SignalAll();

    internal (SignalLink Agent, SignalLink Key) Add(Subscription added) =>
        (_byAgent.Add(added.Agent, added.Changed), _byKey.Add(added.KeyId, added.Changed));

    internal void Remove(Subscription gone, SignalLink agent, SignalLink key)
    {
        _byAgent.Remove(gone.Agent, agent);
        _byKey.Remove(gone.KeyId, key);
    }
}

/// <summary>One listener. <see cref="Changed"/> says "look again", not what changed.</summary>
public sealed class Subscription : IDisposable
{
    private readonly Subscriptions _owner;
    private readonly SignalLink _agentLink;
    private readonly SignalLink _keyLink;
    private int _disposed;

    internal Subscription(Subscriptions owner, int agent, string keyId)
    {
        (_owner, Agent, KeyId) = (owner, agent, keyId);
        (_agentLink, _keyLink) = owner.Add(this);
    }

    public int Agent { get; }
    public string KeyId { get; }
    public AsyncSignal Changed { get; } = new();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _owner.Remove(this, _agentLink, _keyLink);
        }
    }
}
