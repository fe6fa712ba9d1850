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
            _all.Add(numbers);
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
        foreach (var sets in _any)
        {
            var any = 0UL;
            foreach (var set in sets)
            {
                any |= set.Word(word);
            }

            bits &= any;
        }

        foreach (var set in _all)
        {
            bits &= set.Word(word);
        }

        return bits;
    }

    /// <summary>The numbers below <paramref name="count"/>, ascending.</summary>
    public IEnumerable<int> Numbers(int count)
    {
        for (var word = 0; !IsEmpty && word << 6 < count; word++)
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
