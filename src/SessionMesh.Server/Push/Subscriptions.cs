namespace SessionMesh.Server.Push;

/// <summary>
/// Who wants to know when an agent changes: open streams, long polls, and calls that wait for an ack or an exit. Each gets a signal and
/// looks at the state itself, so a slow one blocks nothing and misses nothing. Thread-safe.
/// </summary>
public sealed class Subscriptions
{
    private readonly SignalIndex<int> _states = new();
    private readonly SignalIndex<int> _inboxes = new();
    private readonly SignalIndex<string> _byKey = new();

    /// <summary>Listens for any change of an agent or its directives, on behalf of a key. Dispose of it to stop.</summary>
    public Subscription Listen(int agent, string keyId) => new(_states, _byKey, agent, keyId);

    /// <summary>
    /// Like <see cref="Listen"/>, except for directives that are marked as delivered: a stream or long poll of the agent has nothing to
    /// send then, and its own marks would wake it.
    /// </summary>
    public Subscription ListenToInbox(int agent, string keyId) => new(_inboxes, _byKey, agent, keyId);

    /// <summary>Signals any change of the agent.</summary>
    public void Signal(int agent)
    {
        SignalState(agent);
        SignalInbox(agent);
    }

    /// <summary>Signals that a directive of the agent has changed state.</summary>
    public void SignalState(int agent) => _states.Signal(agent);

    /// <summary>Signals that there may be something to send to the agent.</summary>
    public void SignalInbox(int agent) => _inboxes.Signal(agent);

    public void SignalKey(string keyId) => _byKey.Signal(keyId);

    /// <summary>Wakes every subscriber, for the shutdown.</summary>
    public void SignalEverybody() => _byKey.SignalAll();
}

/// <summary>One subscriber. <see cref="Changed"/> means "look again"; it does not say what changed.</summary>
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
