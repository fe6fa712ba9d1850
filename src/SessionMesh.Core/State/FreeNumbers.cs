using System.Numerics;

namespace SessionMesh.Core.State;

/// <summary>
/// Numbers of forgotten agents, to be reused, the lowest first: a replayed log, a reloaded store and memory so give the same number to
/// the same agent, and bitmaps stay dense. The writer's alone.
/// </summary>
internal sealed class FreeNumbers
{
    private readonly NumberSet _free = new();
    private int _lowest;

    public int Count => _free.Count;

    /// <summary>The lowest free number from <paramref name="from"/> on, and below <paramref name="below"/>; -1 for none.</summary>
    public int Next(int from, int below)
    {
        var all = from <= _lowest;
        from = Math.Max(from, _lowest);
        for (var word = _free.NextWord(from >> 6); word < (below + 63) >> 6; word = _free.NextWord(word + 1))
        {
            var bits = _free.Word(word);
            if (word == from >> 6)
            {
                bits &= ulong.MaxValue << (from & 63);
            }

            if (bits != 0)
            {
                var found = (word << 6) + BitOperations.TrailingZeroCount(bits);
                _lowest = all ? found : _lowest;
                return found < below ? found : -1;
            }
        }

        return -1;
    }

    public void Set(int number, bool free)
    {
        _free.Set(number, free);
        if (free)
        {
            _lowest = Math.Min(_lowest, number);
        }
        else if (number == _lowest)
        {
            _lowest = number + 1; // nothing was free below it, and nothing is now
        }
    }
}
