namespace SessionMesh.Core.State;

/// <summary>A record's place in a <see cref="RevisionList{T}"/>: it is replaced whole, and null once it is gone.</summary>
public sealed class RevisionSlot<T> where T : class
{
    private T? _record;

    internal RevisionSlot(long revision, T record) => (Revision, _record) = (revision, record);

    /// <summary>Of the change that made the record.</summary>
    public long Revision { get; }
    public T? Record => Volatile.Read(ref _record);

    internal void Replace(T? record) => Volatile.Write(ref _record, record);
}

/// <summary>
/// Records in the order in which they were made, with holes where one is gone. One writer; reading needs no lock, and finding where to
/// begin costs a binary search.
/// </summary>
internal sealed class RevisionList<T> where T : class
{
    /// <summary>Holes that are worth making a new list for, if they are half of it.</summary>
    private const int Sparse = 4096;

    private SlotList<RevisionSlot<T>> _slots = new();
    private int _holes;

    /// <summary>At the end: its revision is above all others.</summary>
    public RevisionSlot<T> Add(long revision, T record)
    {
        var slot = new RevisionSlot<T>(revision, record);
        _slots.Add(slot);
        return slot;
    }

    public void Remove(RevisionSlot<T> slot)
    {
        slot.Replace(null);
        if (++_holes >= Sparse && _holes > _slots.Count / 2)
        {
            Tighten();
        }
    }

    /// <summary>Those made after a revision, oldest first. What changes meanwhile may or may not be seen; each record is whole.</summary>
    public IEnumerable<T> After(long revision)
    {
        var slots = Volatile.Read(ref _slots);
        for (var at = FirstAfter(slots, revision); at < slots.Count; at++)
        {
            if (slots[at].Record is { } record)
            {
                yield return record;
            }
        }
    }

    private void Tighten()
    {
        var tight = new SlotList<RevisionSlot<T>>();
        for (var at = 0; at < _slots.Count; at++)
        {
            if (_slots[at].Record is not null)
            {
                tight.Add(_slots[at]);
            }
        }

        _holes = 0;
        Volatile.Write(ref _slots, tight);
    }

    private static int FirstAfter(SlotList<RevisionSlot<T>> slots, long revision)
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
