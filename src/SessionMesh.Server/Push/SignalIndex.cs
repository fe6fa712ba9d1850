namespace SessionMesh.Server.Push;

/// <summary>
/// Who is signalled under which name: a linked list a name, so that adding and removing one costs the same beside none and beside 20,000.
/// Thread-safe.
/// </summary>
internal sealed class SignalIndex<TKey> where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, SignalLink> _first = [];

    /// <summary>Adds a signal. Hand the link to <see cref="Remove"/>, once.</summary>
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

    /// <summary>Sets all signals of a name.</summary>
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

/// <summary>A signal's place in a list of a <see cref="SignalIndex{TKey}"/>, whose lock guards it.</summary>
internal sealed class SignalLink(AsyncSignal signal)
{
    public AsyncSignal Signal => signal;
    public SignalLink? Next { get; set; }
    public SignalLink? Previous { get; set; }
}
