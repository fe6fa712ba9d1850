using System.Numerics;
using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>
/// Numbers that are in every set of a list, a word of 64 at a time. What it shows is as of when each word is read; see
/// <see cref="RecentAgents"/> for what changes meanwhile. One thread's alone.
/// </summary>
public sealed class NumberQuery
{
    private readonly List<NumberSet> _all = [];
    private readonly List<NumberSet[]> _any = [];

    /// <summary>Whether a set was asked for that there is not.</summary>
    public bool IsEmpty { get; private set; }

    /// <summary>Only those in this set; null is a set without members.</summary>
    public void Within(NumberSet? numbers)
    {
        if (numbers is null)
        {
            IsEmpty = true;
        }
        else
        {
            // The smallest first: where it has nothing, no other is looked at.
            var at = _all.FindIndex(set => set.Count > numbers.Count);
            _all.Insert(at < 0 ? _all.Count : at, numbers);
        }
    }

    /// <summary>Only those in one of these sets; none where there is no set.</summary>
    public void WithinAny(IEnumerable<NumberSet> sets)
    {
        var any = sets.ToArray();
        IsEmpty |= any.Length == 0;
        _any.Add(any);
    }

    public bool Contains(int number) => !IsEmpty && (Word(number >> 6) & (1UL << number)) != 0;

    /// <summary>One word of 64 numbers, the first of them <paramref name="word"/> × 64.</summary>
    public ulong Word(int word)
    {
        var bits = ulong.MaxValue;
        foreach (var set in _all)
        {
            bits &= set.Word(word);
            if (bits == 0)
            {
                return 0;
            }
        }

        foreach (var sets in _any)
        {
            var any = 0UL;
            foreach (var set in sets)
            {
                any |= set.Word(word);
            }

            bits &= any;
        }

        return bits;
    }

    /// <summary>The first word at or after <paramref name="word"/> that may have a number in it; far beyond all for none.</summary>
    public int NextWord(int word) => _all.Count == 0 ? word : _all[0].NextWord(word);

    /// <summary>The numbers below <paramref name="count"/>, ascending.</summary>
    public IEnumerable<int> Numbers(int count)
    {
        var words = (count + 63) >> 6;
        for (var word = IsEmpty ? words : NextWord(0); word < words; word = NextWord(word + 1))
        {
            for (var bits = Word(word); bits != 0; bits &= bits - 1)
            {
                var number = (word << 6) + BitOperations.TrailingZeroCount(bits);
                if (number >= count)
                {
                    yield break;
                }

                yield return number;
            }
        }
    }
}
