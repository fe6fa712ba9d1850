namespace SessionMesh.Server.Push;

/// <summary>
/// Signals by name, one linked list per name: adding and removing one costs the same with 20,000 others under that name. Thread-safe.
/// </summary>
internal sealed class SignalIndex<TKey> where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, SignalLink> _first = [];

    /// <summary>Adds a signal. Pass the link to <see cref="Remove"/>, once.</summary>
    public SignalLink Add(TKey key, AsyncSignal signal)
    {
        var link = new SignalLink(signal);
        lock (_gate)
        {
            if (_first.TryGetValue(key, out var next))
            {
                (link.Next, next.Previous) = (next, link);
            }

            _first[key] = link;
        }

        return link;
    }

    public void Remove(TKey key, SignalLink link)
    {
        lock (_gate)
        {
            if (link.Next is { } next)
            {
                next.Previous = link.Previous;
            }

            if (link.Previous is { } previous)
            {
                previous.Next = link.Next;
            }
            else if (link.Next is not null)
            {
                _first[key] = link.Next;
            }
            else
            {
                _first.Remove(key);
            }
        }
    }

    /// <summary>Sets all signals under a name.</summary>
    public void Signal(TKey key)
    {
        lock (_gate)
        {
            for (var link = _first.GetValueOrDefault(key); link is not null; link = link.Next)
            {
                link.Signal.Set();
            }
        }
    }

    /// <summary>Sets all signals.</summary>
    public void SignalAll()
    {
        lock (_gate)
        {
            foreach (var first in _first.Values)
            {
                for (var link = first; link is not null; link = link.Next)
                {
                    link.Signal.Set();
                }
            }
        }
    }
}

/// <summary>A signal's node in a list of <see cref="SignalIndex{TKey}"/>, guarded by that index's lock.</summary>
internal sealed class SignalLink(AsyncSignal signal)
{
    public AsyncSignal Signal => signal;
    public SignalLink? Next { get; set; }
    public SignalLink? Previous { get; set; }
}
