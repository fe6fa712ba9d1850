namespace SessionMesh.Core.Steering;

/// <summary>
/// Queued directives of one agent that are on their way: handed to a socket and not yet recorded as delivered, or held back for a cancel. A
/// directive is never both. In memory only, and guarded by the lock of its slot.
/// </summary>
internal sealed class Transit
{
    private readonly List<long> _handedOut = [];

    /// <summary>One entry per cancel: two may be on their way for the same directive.</summary>
    private readonly List<long> _heldBack = [];

    public bool IsHeldBack(long seq) => _heldBack.Count > 0 && _heldBack.Contains(seq);

    public void HandOut(long seq)
    {
        var at = _handedOut.BinarySearch(seq);
        if (at < 0)
        {
            _handedOut.Insert(~at, seq);
        }
    }

    /// <summary>False when it was handed out already.</summary>
    public bool TryHoldBack(long seq)
    {
        if (_handedOut.BinarySearch(seq) >= 0)
        {
            return false;
        }

        _heldBack.Add(seq);
        return true;
    }

    public void LetGo(long seq) => _heldBack.Remove(seq);

    /// <summary>Forgets what has moved on in the inbox; true when nothing is left.</summary>
    public bool IsOverWith(Inbox inbox)
    {
        _handedOut.RemoveAll(seq => inbox.Find(seq) is not { State: DeliveryState.Queued });
        return _handedOut.Count == 0 && _heldBack.Count == 0;
    }
}

/// <summary>The result of trying to hold a directive back.</summary>
public enum Holding
{
    /// <summary>It is not handed out until it is let go.</summary>
    Held,

    /// <summary>It was handed to a socket, whether or not that is in the log yet.</summary>
    HandedOut,

    /// <summary>It cannot be cancelled; the command says why.</summary>
    Pointless,
}
