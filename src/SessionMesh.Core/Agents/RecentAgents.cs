namespace SessionMesh.Core.Agents;

/// <summary>
/// The agents that the newest commits changed. A search off the writer's thread checks these again, and is then up to date. One writer,
/// readers at any time.
/// </summary>
public sealed class RecentAgents
{
    /// <summary>Entries kept: at 50,000 changes a second, a search may take a second before it has to start over.</summary>
    internal const int Kept = 65_536;

    private readonly Lock _gate = new();
    private (long Revision, int Number)[] _ring = new (long, int)[256];
    private long _count;

    /// <summary>Newest revision of an entry that is no longer kept.</summary>
    private long _lost;

    /// <summary>
    /// Adds the agents that changed after a revision to <paramref name="numbers"/>, some more than once; false when not all of them are
    /// known.
    /// </summary>
    public bool TryAddSince(long revision, ICollection<int> numbers)
    {
        lock (_gate)
        {
            if (revision < _lost)
            {
                return false;
            }

            for (var at = _count - 1; at >= Math.Max(0, _count - _ring.Length) && Entry(at).Revision > revision; at--)
            {
                numbers.Add(Entry(at).Number);
            }

            return true;
        }
    }

    /// <summary>Call before they are changed in memory, so that whoever sees a change finds it here.</summary>
    /// <param name="revision">The newest of the commit.</param>
    internal void Add(long revision, IReadOnlyCollection<int> numbers)
    {
        if (numbers.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var number in numbers)
            {
                if (_count == _ring.Length && _ring.Length < Kept)
                {
                    Array.Resize(ref _ring, _ring.Length * 2);
                }

                ref var entry = ref Entry(_count);
                _lost = _count >= _ring.Length ? entry.Revision : _lost;
                entry = (revision, number);
                _count++;
            }
        }
    }

    private ref (long Revision, int Number) Entry(long at) => ref _ring[at % _ring.Length];
}
