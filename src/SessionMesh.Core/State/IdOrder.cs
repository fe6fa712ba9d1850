using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>
/// The agents in the order of their ids (ordinal), in chunks that are replaced whole. One writer; any number of readers, which need no
/// lock: one that is under way may miss an agent that becomes known meanwhile, and meets every other one once.
/// </summary>
public sealed class IdOrder
{
    /// <summary>Entries of a chunk: copying that many references costs less than finding the place.</summary>
    internal const int MostInChunk = 512;

    /// <summary>None is empty.</summary>
    private AgentSlot[][] _chunks = [];

    /// <summary>Ascending, the ids after <paramref name="id"/>; null is from the first.</summary>
    public IEnumerable<AgentSlot> After(string? id)
    {
        var chunks = Volatile.Read(ref _chunks);
        for (var at = id is null ? 0 : ChunkOf(chunks, id); at < chunks.Length; at++)
        {
            var chunk = Volatile.Read(ref chunks[at]);
            for (var i = id is null ? 0 : FirstAfter(chunk, id); i < chunk.Length; i++)
            {
                yield return chunk[i];
            }
        }
    }

    /// <summary>Ascending, <paramref name="id"/> itself, where there is such an agent, and the ids after it.</summary>
    public IEnumerable<AgentSlot> From(string id)
    {
        var chunks = Volatile.Read(ref _chunks);
        for (var at = ChunkOf(chunks, id); at < chunks.Length; at++)
        {
            var chunk = Volatile.Read(ref chunks[at]);
            for (var i = FirstNotBefore(chunk, id); i < chunk.Length; i++)
            {
                yield return chunk[i];
            }
        }
    }

    /// <summary>Descending, the ids before <paramref name="id"/>; null is from the last.</summary>
    public IEnumerable<AgentSlot> Before(string? id)
    {
        var chunks = Volatile.Read(ref _chunks);
        for (var at = id is null ? chunks.Length - 1 : ChunkOf(chunks, id); at >= 0; at--)
        {
            if (at >= chunks.Length)
            {
                continue;
            }

            var chunk = Volatile.Read(ref chunks[at]);
            for (var i = (id is null ? chunk.Length : FirstNotBefore(chunk, id)) - 1; i >= 0; i--)
            {
                yield return chunk[i];
            }
        }
    }

    /// <summary>Takes over what a store holds, in any order; only before the agents are shared.</summary>
    internal void Load(List<AgentSlot> slots)
    {
        slots.Sort(static (one, other) => string.CompareOrdinal(one.Agent.Id, other.Agent.Id));
        _chunks = [.. slots.Chunk(MostInChunk)];
    }

    internal void Add(AgentSlot slot)
    {
        var id = slot.Agent.Id;
        if (_chunks.Length == 0)
        {
            Volatile.Write(ref _chunks, [[slot]]);
            return;
        }

        var at = ChunkOf(_chunks, id);
        var chunk = _chunks[at];
        var place = FirstNotBefore(chunk, id);
        if (chunk.Length < MostInChunk)
        {
            Volatile.Write(ref _chunks[at], [.. chunk[..place], slot, .. chunk[place..]]);
            return;
        }

        // Where ids only grow, a full chunk stays full and the next one begins; elsewhere it is halved.
        var half = at == _chunks.Length - 1 && place == chunk.Length ? chunk.Length : chunk.Length / 2;
        var (low, high) = place <= half && half < chunk.Length
            ? ((AgentSlot[])[.. chunk[..place], slot, .. chunk[place..half]], chunk[half..])
            : (chunk[..half], [.. chunk[half..place], slot, .. chunk[place..]]);
        Volatile.Write(ref _chunks, [.. _chunks[..at], low, high, .. _chunks[(at + 1)..]]);
    }

    internal void Remove(AgentSlot slot)
    {
        var id = slot.Agent.Id;
        var at = ChunkOf(_chunks, id);
        var chunk = _chunks[at];
        var place = FirstNotBefore(chunk, id);
        if (chunk.Length == 1)
        {
            Volatile.Write(ref _chunks, [.. _chunks[..at], .. _chunks[(at + 1)..]]);
        }
        else
        {
            Volatile.Write(ref _chunks[at], [.. chunk[..place], .. chunk[(place + 1)..]]);
        }
    }

    /// <summary>The last chunk that does not begin after an id; the first one where all do.</summary>
    private static int ChunkOf(AgentSlot[][] chunks, string id)
    {
        var (low, high) = (0, chunks.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var first = Volatile.Read(ref chunks[middle])[0].Agent.Id;
            (low, high) = string.CompareOrdinal(first, id) <= 0 ? (middle + 1, high) : (low, middle);
        }

        return Math.Max(0, low - 1);
    }

    private static int FirstNotBefore(AgentSlot[] chunk, string id)
    {
        var (low, high) = (0, chunk.Length);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = string.CompareOrdinal(chunk[middle].Agent.Id, id) < 0 ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static int FirstAfter(AgentSlot[] chunk, string id)
    {
        var at = FirstNotBefore(chunk, id);
        return at < chunk.Length && chunk[at].Agent.Id == id ? at + 1 : at;
    }
}
