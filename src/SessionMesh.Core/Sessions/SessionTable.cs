using System.Collections.Concurrent;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>
/// Plain sessions by id, in order of creation, and by their end. Any thread may find and list; everything else is for the writer only,
/// unless it says otherwise. Expiry is exact because readers compare times; <see cref="Due"/> only finds what the log does not say yet.
/// </summary>
public sealed class SessionTable
{
    private readonly ConcurrentDictionary<string, RevisionSlot<Session>> _byId = new(StringComparer.Ordinal);
    private readonly RevisionList<Session> _inOrder = new();

    /// <summary>Held while the two below are changed, and while another thread reads them.</summary>
    private readonly Lock _gate = new();

    /// <summary>Sessions whose end is not in the log yet, by that end.</summary>
    private readonly EndIndex _ending = new();

    /// <summary>Sessions recorded as over, by when they ended.</summary>
    private readonly EndIndex _ended = new();

    public int Count => _byId.Count;

    public Session? Find(string id) => _byId.GetValueOrDefault(id)?.Record;

    /// <summary>
    /// Sessions created after a revision, oldest first. A change during the enumeration may or may not be seen; each record is whole.
    /// </summary>
    public IEnumerable<Session> After(long revision) => _inOrder.After(revision);

    /// <summary>
    /// Ids of sessions that are over although the log does not say so yet, earliest end first. They are found again until it does. For any
    /// thread.
    /// </summary>
    /// <param name="wall">Milliseconds.</param>
    /// <param name="most">How many at most.</param>
    public List<string> Due(long wall, int most)
    {
        lock (_gate)
        {
            return [.. _ending.InOrder().TakeWhile(entry => entry.At <= wall * 1000).Take(most).Select(entry => entry.Slot.Record!.Id)];
        }
    }

    /// <summary>Sessions that are over and ended before a time, earliest end first.</summary>
    /// <param name="now">Microseconds.</param>
    /// <param name="before">Microseconds.</param>
    internal IEnumerable<Session> Over(long now, long before)
    {
        using var ended = _ended.InOrder().TakeWhile(entry => entry.At < before).GetEnumerator();
        using var ending = _ending.InOrder().TakeWhile(entry => entry.At <= now && entry.At < before).GetEnumerator();
        var (moreEnded, moreEnding) = (ended.MoveNext(), ending.MoveNext());
        while (moreEnded || moreEnding)
        {
            if (moreEnded && (!moreEnding || ended.Current.At <= ending.Current.At))
            {
                yield return ended.Current.Slot.Record!;
                moreEnded = ended.MoveNext();
            }
            else
            {
                yield return ending.Current.Slot.Record!;
                moreEnding = ending.MoveNext();
            }
        }
    }

    internal void Put(Session session)
    {
        Session? before = null;
        if (_byId.TryGetValue(session.Id, out var slot) && slot.Revision == session.Revision)
        {
            before = slot.Record;
            slot.Replace(session);
        }
        else
        {
            slot = _inOrder.Add(session.Revision, session);
            _byId[session.Id] = slot;
        }

        Index(slot, before, session);
    }

    internal void Remove(string id, long revision)
    {
        if (_byId.TryGetValue(id, out var slot) && slot.Revision == revision && _byId.TryRemove(id, out _))
        {
            Index(slot, slot.Record, null);
            _inOrder.Remove(slot);
        }
    }

    private void Index(RevisionSlot<Session> slot, Session? before, Session? after)
    {
        var (from, was) = Place(before);
        var (to, at) = Place(after);
        if (from == to && was == at)
        {
            return;
        }

        lock (_gate)
        {
            from?.Remove(was, slot);
            to?.Add(at, slot);
        }
    }

    /// <summary>
    /// The index that a session belongs to, and its time there in microseconds. No index for a session without an end.
    /// </summary>
    private (EndIndex? Index, long At) Place(Session? session) => session switch
    {
        null => (null, 0),
        { IsExpired: true } => (_ended, session.OverSince(0)!.Value),
        { ExpiresAt: not 0 } => (_ending, session.ExpiresAt),
        _ => (null, 0),
    };
}
