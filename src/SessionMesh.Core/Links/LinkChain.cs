using SessionMesh.Core.State;

namespace SessionMesh.Core.Links;

/// <summary>
/// The links at one end of an agent, in the order in which they were made, with holes where one is gone. Adding and removing cost the same
/// however many there are. One writer; reading needs no lock.
/// </summary>
internal sealed class LinkChain
{
    /// <summary>Holes that are worth making a new list for, if they are half of it.</summary>
    private const int Sparse = 16;

    private RevisionSlot<Link>[] _slots = new RevisionSlot<Link>[2];
    private int _used;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Each is whole; what changes meanwhile may or may not be seen.</summary>
    public IEnumerable<Link> Records
    {
        get
        {
            // The number first: an array that is newer has at least as many, or fewer because holes were taken out.
            var used = Volatile.Read(ref _used);
            var slots = Volatile.Read(ref _slots);
            for (var at = 0; at < Math.Min(used, slots.Length); at++)
            {
                if (slots[at]?.Record is { } link)
                {
                    yield return link;
                }
            }
        }
    }

    public void Add(RevisionSlot<Link> slot)
    {
        if (_used == _slots.Length)
        {
            var larger = new RevisionSlot<Link>[_slots.Length * 2];
            _slots.CopyTo(larger, 0);
            Volatile.Write(ref _slots, larger);
        }

        Volatile.Write(ref _slots[_used], slot);
        Volatile.Write(ref _used, _used + 1);
        Count++;
    }

    /// <summary>The record of one of its slots is gone. Returns how many are left.</summary>
    public int Drop()
    {
        Count--;
        if (_used - Count >= Sparse && _used - Count > _used / 2)
        {
            var left = _slots.Where(slot => slot?.Record is not null).ToArray();
            var tight = new RevisionSlot<Link>[Math.Max(2, left.Length)];
            left.CopyTo(tight, 0);
            Volatile.Write(ref _slots, tight);
            Volatile.Write(ref _used, left.Length);
        }

        return Count;
    }
}
