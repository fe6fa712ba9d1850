using System.Collections.Concurrent;
using SessionMesh.Core.Leases;
using SessionMesh.Core.Sessions;

namespace SessionMesh.Core.State;

/// <summary>A session's place in the list: the record is replaced whole, and null once it was deleted.</summary>
public sealed class SessionSlot : ITimed
{
    private Session? _session;

    internal SessionSlot(Session session) => (Revision, _session) = (session.Revision, session);

    public long Revision { get; }
    public Session? Session => Volatile.Read(ref _session);

    int ITimed.DueTick { get; set; } = int.MaxValue;
    short ITimed.Bucket { get; set; } = -1;
    ITimed? ITimed.Next { get; set; }
    ITimed? ITimed.Previous { get; set; }

    internal void Replace(Session? session) => Volatile.Write(ref _session, session);
}

/// <summary>
/// Plain sessions, by id and in the order in which they were created. Finding and listing is for any thread; the rest is the writer's alone.
/// Expiry is exact because readers compare times; the wheel only finds what the log has yet to say.
/// </summary>
public sealed class SessionTable
{
    /// <summary>Deleted places that are worth making a new list for, if they are half of it.</summary>
    private const int Sparse = 4096;

    private const long LookEvery = 3_600_000;

    private readonly ConcurrentDictionary<string, SessionSlot> _byId = new(StringComparer.Ordinal);
    private readonly LeaseWheel<SessionSlot> _wheel = new();
    private SlotList<SessionSlot> _slots = new();
    private long _origin = long.MinValue;
    private int _holes;

    public int Count => _byId.Count;

    public Session? Find(string id) => _byId.GetValueOrDefault(id)?.Session;

    /// <summary>Those created after a revision, oldest first. What changes meanwhile may or may not be seen; each record is whole.</summary>
    public IEnumerable<Session> After(long revision)
    {
        var slots = Volatile.Read(ref _slots);
        for (var at = FirstAfter(slots, revision); at < slots.Count; at++)
        {
            if (slots[at].Session is { } session)
            {
                yield return session;
            }
        }
    }

    /// <summary>Takes sessions whose time is over and of which the log has not said so; they are found again a tick later until it has.</summary>
    /// <param name="wall">Milliseconds.</param>
    public List<string> TakeDue(long wall)
    {
        var candidates = new List<SessionSlot>();
        var origin = Volatile.Read(ref _origin);
        if (origin != long.MinValue)
        {
            _wheel.CollectDue(wall - origin, candidates);
        }

        var due = new List<string>();
        foreach (var slot in candidates)
        {
            if (slot.Session is not { IsExpired: false, ExpiresAt: > 0 } session)
            {
                continue;
            }

            if (session.IsOverAt(wall * 1000))
            {
                due.Add(session.Id);
                _wheel.Schedule(slot, wall - origin);
            }
            else
            {
                Schedule(slot, session, wall);
            }
        }

        return due;
    }

    internal void Put(Session session, long wall)
    {
        if (_origin == long.MinValue)
        {
            Volatile.Write(ref _origin, wall);
        }

        if (_byId.TryGetValue(session.Id, out var slot) && slot.Revision == session.Revision)
        {
            slot.Replace(session);
        }
        else
        {
            slot = new SessionSlot(session);
            _slots.Add(slot);
            _byId[session.Id] = slot;
        }

        Schedule(slot, session, wall);
    }

    internal void Remove(string id, long revision)
    {
        if (_byId.TryGetValue(id, out var slot) && slot.Revision == revision && _byId.TryRemove(id, out _))
        {
            slot.Replace(null);
            _wheel.Remove(slot);
            if (++_holes >= Sparse && _holes > _slots.Count / 2)
            {
                Tighten();
            }
        }
    }

    /// <summary>Looked at within the hour, however far its end: so that the wheel holds no deleted session for longer.</summary>
    private void Schedule(SessionSlot slot, Session session, long wall)
    {
        if (!session.IsExpired && session.ExpiresAt != 0)
        {
            _wheel.Schedule(slot, Math.Max(0, Math.Min(session.ExpiresAt / 1000, wall + LookEvery) - _origin));
        }
    }

    private void Tighten()
    {
        var tight = new SlotList<SessionSlot>();
        for (var at = 0; at < _slots.Count; at++)
        {
            if (_slots[at].Session is not null)
            {
                tight.Add(_slots[at]);
            }
        }

        _holes = 0;
        Volatile.Write(ref _slots, tight);
    }

    private static int FirstAfter(SlotList<SessionSlot> slots, long revision)
    {
        var (low, high) = (0, slots.Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = slots[middle].Revision <= revision ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
