using System.Numerics;

namespace SessionMesh.Core.State;

/// <summary>
/// A set of agent numbers in pages of 16,384: a bitmap (2 KB) where there are many, the sorted numbers themselves (2 bytes each) where
/// there are few, nothing where there are none. So a thousand specializations of a million agents take some megabytes, and walking one
/// touches memory that lies together. One writer; any number of readers at the same time, each of which sees every single number either in
/// or out. Intersecting two sets is an AND, a word at a time, which is what makes a filtered page of a large fleet cheap.
/// </summary>
public sealed class NumberSet
{
    private const int PageShift = 14;
    private const int PageSize = 1 << PageShift;
    private const int WordsPerPage = PageSize / 64;

    /// <summary>Numbers of a page beyond which it becomes a bitmap, for good. A change copies them: 256 bytes at most.</summary>
    private const int MostFew = 128;

    private Page[] _pages = [];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool Contains(int number) => (Word(number >> 6) & (1UL << number)) != 0;

    /// <summary>One word of 64 numbers, the first of them <paramref name="word"/> × 64.</summary>
    public ulong Word(int word)
    {
        var pages = Volatile.Read(ref _pages);
        var index = word / WordsPerPage;
        return index < pages.Length ? pages[index].Word(word % WordsPerPage) : 0;
    }

    /// <summary>
    /// The first word at or after <paramref name="word"/> that has a number in it; <see cref="int.MaxValue"/> for none.
    /// </summary>
    internal int NextWord(int word)
    {
        var pages = Volatile.Read(ref _pages);
        var within = word % WordsPerPage;
        for (var index = word / WordsPerPage; index < pages.Length; index++, within = 0)
        {
            if (pages[index].NextWord(within) is var next and >= 0)
            {
                return (index * WordsPerPage) + next;
            }
        }

        return int.MaxValue;
    }

    /// <summary>How many numbers are in both sets.</summary>
    public int CountWith(NumberSet other)
    {
        var (few, many) = Count < other.Count ? (this, other) : (other, this);
        var count = 0;
        for (var word = few.NextWord(0); word < int.MaxValue; word = few.NextWord(word + 1))
        {
            count += BitOperations.PopCount(few.Word(word) & many.Word(word));
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

        if (pages[index].Set(number & (PageSize - 1), present))
        {
            Volatile.Write(ref _count, _count + (present ? 1 : -1));
        }
    }

    /// <summary>
    /// One of its two is null. The numbers are replaced whole; when a bitmap takes their place, it comes first and they go after, so that a
    /// reader asks for the numbers first.
    /// </summary>
    private struct Page
    {
        private ushort[]? _few;
        private ulong[]? _words;

        public ulong Word(int word)
        {
            if (Volatile.Read(ref _few) is not { } few)
            {
                return Volatile.Read(ref _words) is { } words ? Volatile.Read(ref words[word]) : 0;
            }

            var bits = 0UL;
            for (var i = PlaceOf(few, word << 6); i < few.Length && few[i] >> 6 == word; i++)
            {
                bits |= 1UL << few[i];
            }

            return bits;
        }

        /// <summary>The first word at or after <paramref name="word"/> that has a number in it; -1 for none.</summary>
        public int NextWord(int word)
        {
            if (Volatile.Read(ref _few) is { } few)
            {
                var place = PlaceOf(few, word << 6);
                return place < few.Length ? few[place] >> 6 : -1;
            }

            if (word < WordsPerPage && Volatile.Read(ref _words) is { } words
                && words.AsSpan(word).IndexOfAnyExcept(0UL) is var at and >= 0)
            {
                return word + at;
            }

            return -1;
        }

        /// <returns>False when nothing changed.</returns>
        public bool Set(int number, bool present)
        {
            if (_words is { } words)
            {
                ref var word = ref words[number >> 6];
                var before = word;
                Volatile.Write(ref word, present ? before | (1UL << number) : before & ~(1UL << number));
                return word != before;
            }

            var few = _few ?? [];
            var place = PlaceOf(few, number);
            if ((place < few.Length && few[place] == number) == present)
            {
                return false;
            }

            if (!present)
            {
                Volatile.Write(ref _few, few.Length == 1 ? null : [.. few.AsSpan(0, place), .. few.AsSpan(place + 1)]);
            }
            else if (few.Length < MostFew)
            {
                Volatile.Write(ref _few, [.. few.AsSpan(0, place), (ushort)number, .. few.AsSpan(place)]);
            }
            else
            {
                words = new ulong[WordsPerPage];
                foreach (var one in few)
                {
                    words[one >> 6] |= 1UL << one;
                }

                words[number >> 6] |= 1UL << number;
                Volatile.Write(ref _words, words);
                Volatile.Write(ref _few, null);
            }

            return true;
        }

        /// <summary>Where a number is, or would be.</summary>
        private static int PlaceOf(ReadOnlySpan<ushort> few, int number)
        {
            // The end of a page is not a number of it.
            var place = number < PageSize ? few.BinarySearch((ushort)number) : few.Length;
            return place < 0 ? ~place : place;
        }
    }
}
