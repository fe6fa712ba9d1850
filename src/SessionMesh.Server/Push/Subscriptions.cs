namespace SessionMesh.Server.Push;

/// <summary>
/// Who wants to hear when an agent changes: open streams, long polls and calls that wait for an ack. They get a signal and
/// look at the state themselves, so that a slow one holds nothing up and misses nothing. Thread-safe.
/// </summary>
public sealed class Subscriptions
{
    private readonly SignalIndex<int> _states = new();
    private readonly SignalIndex<int> _inboxes = new();
    private readonly SignalIndex<string> _byKey = new();

    /// <summary>Listens for any change of one agent or of its directives, on behalf of one key. Dispose it to stop.</summary>
    public Subscription Listen(int agent, string keyId) => new(_states, _byKey, agent, keyId);

    /// <summary>
    /// The same, but for directives that are marked as delivered: for a stream or a long poll of the agent, which has nothing to send
    /// then, and would be woken by its own marks.
    /// </summary>
    public Subscription ListenToInbox(int agent, string keyId) => new(_inboxes, _byKey, agent, keyId);

    /// <summary>Something about the agent changed.</summary>
    public void Signal(int agent)
    {
        SignalState(agent);
        SignalInbox(agent);
    }

    /// <summary>Some directive of the agent is in another state.</summary>
    public void SignalState(int agent) => _states.Signal(agent);

    /// <summary>There may be something to send to the agent.</summary>
    public void SignalInbox(int agent) => _inboxes.Signal(agent);

    public void SignalKey(string keyId) => _byKey.Signal(keyId);

    /// <summary>Wakes everybody, at shutdown.</summary>
    public void SignalEverybody() => _byKey.SignalAll();
}

/// <summary>One listener. <see cref="Changed"/> says "look again", not what changed.</summary>
public sealed class Subscription : IDisposable
{
    private readonly SignalIndex<int> _byAgent;
    private readonly SignalIndex<string> _byKey;
    private readonly SignalLink _agentLink;
    private readonly SignalLink _keyLink;
    private int _disposed;

    internal Subscription(SignalIndex<int> byAgent, SignalIndex<string> byKey, int agent, string keyId)
    {
        (_byAgent, _byKey, Agent, KeyId) = (byAgent, byKey, agent, keyId);
        (_agentLink, _keyLink) = (byAgent.Add(agent, Changed), byKey.Add(keyId, Changed));
    }

    public int Agent { get; }
    public string KeyId { get; }
    public AsyncSignal Changed { get; } = new();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _byAgent.Remove(Agent, _agentLink);
            _byKey.Remove(KeyId, _keyLink);
        }
    }
}
