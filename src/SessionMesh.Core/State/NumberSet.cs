using System.Numerics;

namespace SessionMesh.Core.State;

/// <summary>
/// A set of agent numbers as a bitmap in pages of 1,024, allocated where something is. One writer; any number of readers
/// at the same time, each of which sees every single number either in or out. Intersecting two sets is an AND, a word at
/// a time, which is what makes a filtered page of a large fleet cheap.
/// </summary>
public sealed class NumberSet
{
    internal const int WordsPerPage = 16;
    private const int PageShift = 10;

    private ulong[]?[] _pages = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool Contains(int number)
    {
        var page = Page(number >> PageShift);
        return page is not null && (Volatile.Read(ref page[(number >> 6) & (WordsPerPage - 1)]) & (1UL << number)) != 0;
    }

    /// <summary>One word of 64 numbers, the first of them <paramref name="word"/> × 64.</summary>
    public ulong Word(int word)
    {
        var page = Page(word / WordsPerPage);
        return page is null ? 0 : Volatile.Read(ref page[word & (WordsPerPage - 1)]);
    }

    /// <summary>
    /// The first word at or after <paramref name="word"/> that has a number in it; <see cref="int.MaxValue"/> for none.
    /// </summary>
    internal int NextWord(int word)
    {
        var pages = Volatile.Read(ref _pages);
        for (var index = word / WordsPerPage; index < pages.Length; index++)
        {
            if (Volatile.Read(ref pages[index]) is { } page)
            {
                var from = Math.Max(0, word - (index * WordsPerPage));
                if (page.AsSpan(from).IndexOfAnyExcept(0UL) is var at and >= 0)
                {
                    return (index * WordsPerPage) + from + at;
                }
            }
        }

        return int.MaxValue;
    }

    /// <summary>Whether a whole page of <see cref="WordsPerPage"/> words is empty without looking at them.</summary>
    internal bool LacksPage(int word) => Page(word / WordsPerPage) is null;

    /// <summary>How many numbers are in both sets.</summary>
    public int CountWith(NumberSet other)
    {
        var count = 0;
        var pages = Math.Min(Volatile.Read(ref _pages).Length, Volatile.Read(ref other._pages).Length);
        for (var i = 0; i < pages; i++)
        {
            if (Page(i) is { } mine && other.Page(i) is { } theirs)
            {
                for (var w = 0; w < WordsPerPage; w++)
                {
                    count += BitOperations.PopCount(mine[w] & theirs[w]);
                }
            }
        }

        return count;
    }

    public void Set(int number, bool present)
    {
        var index = number >> PageShift;
        var pages = _pages;
        if (index >= pages.Length)
        {
            if (!present)
            {
                return;
            }

            Array.Resize(ref pages, Math.Max(index + 1, pages.Length * 2));
            Volatile.Write(ref _pages, pages);
        }

        if (pages[index] is not { } page)
        {
            if (!present)
            {
                return;
            }

            page = new ulong[WordsPerPage];
            Volatile.Write(ref pages[index], page);
        }

        ref var word = ref page[(number >> 6) & (WordsPerPage - 1)];
        var bit = 1UL << number;
        var before = word;
        var after = present ? before | bit : before & ~bit;
        if (after != before)
        {
            Volatile.Write(ref word, after);
            Volatile.Write(ref _count, _count + (present ? 1 : -1));
        }
    }

    private ulong[]? Page(int index)
    {
        var pages = Volatile.Read(ref _pages);
        return (uint)index < (uint)pages.Length ? Volatile.Read(ref pages[index]) : null;
    }
}
