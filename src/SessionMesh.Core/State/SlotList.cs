namespace SessionMesh.Core.State;

/// <summary>
/// A list that only grows, in chunks that never move, so that readers need no lock. One writer. Where entries can be taken out
/// (<typeparamref name="T"/> is then nullable), a number below <see cref="Count"/> may have none, or another one than a moment ago.
/// </summary>
public sealed class SlotList<T> where T : class?
{
    private const int ChunkShift = 12;
    private const int ChunkSize = 1 << ChunkShift;

    private T[][] _chunks = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public T this[int number] => Volatile.Read(ref Volatile.Read(ref _chunks)[number >> ChunkShift][number & (ChunkSize - 1)]);

    /// <summary>Puts another entry in the place of one that is there.</summary>
    internal void Set(int number, T entry) => Volatile.Write(ref _chunks[number >> ChunkShift][number & (ChunkSize - 1)], entry);

    internal void Add(T entry)
    {
        var chunk = _count >> ChunkShift;
        if (chunk >= _chunks.Length)
        {
            var grown = _chunks;
            Array.Resize(ref grown, Math.Max(4, chunk * 2));
            for (var i = chunk; i < grown.Length; i++)
            {
                grown[i] ??= i == chunk ? new T[ChunkSize] : [];
            }

            Volatile.Write(ref _chunks, grown);
        }
        else if (_chunks[chunk].Length == 0)
        {
            Volatile.Write(ref _chunks[chunk], new T[ChunkSize]);
        }

        _chunks[chunk][_count & (ChunkSize - 1)] = entry;
        Volatile.Write(ref _count, _count + 1);
    }
}
