namespace SessionMesh.Core.State;

/// <summary>
/// The slots by number, in chunks that never move, so that readers need no lock. One writer. A number below
/// <see cref="Count"/> always has its slot.
/// </summary>
public sealed class SlotTable
{
    private const int ChunkShift = 12;
    private const int ChunkSize = 1 << ChunkShift;

    private AgentSlot[][] _chunks = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public AgentSlot this[int number] => Volatile.Read(ref _chunks)[number >> ChunkShift][number & (ChunkSize - 1)];

    internal void Add(AgentSlot slot)
    {
        var chunk = _count >> ChunkShift;
        if (chunk >= _chunks.Length)
        {
            var grown = _chunks;
            Array.Resize(ref grown, Math.Max(4, chunk * 2));
            for (var i = chunk; i < grown.Length; i++)
            {
                grown[i] ??= i == chunk ? new AgentSlot[ChunkSize] : [];
            }

            Volatile.Write(ref _chunks, grown);
        }
        else if (_chunks[chunk].Length == 0)
        {
            Volatile.Write(ref _chunks[chunk], new AgentSlot[ChunkSize]);
        }

        _chunks[chunk][_count & (ChunkSize - 1)] = slot;
        Volatile.Write(ref _count, _count + 1);
    }
}
