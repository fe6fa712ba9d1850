using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>
/// Sessions by a time, earliest first: sorted runs of at most <see cref="RunSize"/> entries of sixteen bytes, so that a million cost some
/// twenty megabytes, and a change costs a binary search and a short move. Not thread-safe.
/// </summary>
internal sealed class EndIndex
{
    internal const int RunSize = 512;

    private readonly List<Run> _runs = [];

    public int Count { get; private set; }

    public void Add(long at, RevisionSlot<Session> slot)
    {
        Count++;
        var entry = new Entry(at, slot);
        if (_runs.Count == 0)
        {
            _runs.Add(new Run());
        }

        var index = RunOf(entry);
        var run = _runs[index];
        var place = run.PlaceOf(entry);
        if (run.Count == RunSize)
        {
            // An entry at the very end starts a new run and splits none, so that entries added in order fill their runs.
            var next = index == _runs.Count - 1 && place == RunSize ? new Run() : run.Split();
            _runs.Insert(index + 1, next);
            (run, place) = place > run.Count || run.Count == RunSize ? (next, place - run.Count) : (run, place);
        }

        run.Insert(place, entry);
    }

    /// <summary>Removes an entry, which must be there.</summary>
    public void Remove(long at, RevisionSlot<Session> slot)
    {
        var entry = new Entry(at, slot);
        var index = RunOf(entry);
        var run = _runs[index];
        run.RemoveAt(run.PlaceOf(entry));
        Count--;
        if (run.Count == 0)
        {
            _runs.RemoveAt(index);
        }
        else if (index + 1 < _runs.Count && run.Count + _runs[index + 1].Count <= RunSize / 2)
        {
            run.Append(_runs[index + 1]);
            _runs.RemoveAt(index + 1);
        }
    }

    /// <summary>Earliest first. Nothing may be added or removed during the enumeration.</summary>
    public IEnumerable<(long At, RevisionSlot<Session> Slot)> InOrder()
    {
        foreach (var run in _runs)
        {
            for (var i = 0; i < run.Count; i++)
            {
                yield return (run[i].At, run[i].Slot);
            }
        }
    }

    /// <summary>The last run that begins at or before the entry; the first when none does.</summary>
    private int RunOf(in Entry entry)
    {
        var (low, high) = (0, _runs.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            (low, high) = _runs[middle][0].CompareTo(entry) <= 0 ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private readonly record struct Entry(long At, RevisionSlot<Session> Slot) : IComparable<Entry>
    {
        public int CompareTo(Entry other) => At != other.At ? At.CompareTo(other.At) : Slot.Revision.CompareTo(other.Slot.Revision);
    }

    private sealed class Run
    {
        private readonly Entry[] _entries = new Entry[RunSize];

        public int Count { get; private set; }

        public ref readonly Entry this[int index] => ref _entries[index];

        /// <summary>Where the entry is, or would be.</summary>
        public int PlaceOf(in Entry entry)
        {
            var (low, high) = (0, Count);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                (low, high) = _entries[middle].CompareTo(entry) < 0 ? (middle + 1, high) : (low, middle);
            }

            return low;
        }

        public void Insert(int place, Entry entry)
        {
            Array.Copy(_entries, place, _entries, place + 1, Count - place);
            _entries[place] = entry;
            Count++;
        }

        public void RemoveAt(int place)
        {
            Count--;
            Array.Copy(_entries, place + 1, _entries, place, Count - place);
            _entries[Count] = default;
        }

        public void Append(Run next)
        {
            Array.Copy(next._entries, 0, _entries, Count, next.Count);
            Count += next.Count;
        }

        /// <summary>Moves the later half to a run of its own.</summary>
        public Run Split()
        {
            var later = new Run { Count = Count / 2 };
            Count -= later.Count;
            Array.Copy(_entries, Count, later._entries, 0, later.Count);
            Array.Clear(_entries, Count, later.Count);
            return later;
        }
    }
}
