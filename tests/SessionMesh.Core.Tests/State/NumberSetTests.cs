using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

public sealed class NumberSetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomChanges_AgreeWithAHashSet(int seed)
    {
        var random = new Random(seed);
        var set = new NumberSet();
        var other = new NumberSet();
        var (model, otherModel) = (new HashSet<int>(), new HashSet<int>());
        for (var i = 0; i < 20_000; i++)
        {
            // Mostly near each other, sometimes far out, as a rare specialization is; the far pages have few numbers, the first has many.
            var number = random.Next(3) == 0 ? random.Next(1_000_000) : random.Next(5_000);
            Change(set, model, number, random.Next(3) > 0);
            Change(other, otherModel, number, random.Next(2) > 0);
        }

        Assert.Equal(model.Count, set.Count);
        Assert.Equal(model.Intersect(otherModel).Count(), set.CountWith(other));
        Assert.Equal(model.Intersect(otherModel).Count(), other.CountWith(set));
        Assert.All(model, number => Assert.True(set.Contains(number)));
        Assert.Equal(model.Order(), Members(set));
        Assert.Equal(model.Order(), Walked(set));
    }

    /// <summary>A page changes from few numbers to a bitmap at 129, and back to none when they go; each number stays where it is.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(16_384)]
    public void PageThatFillsAndEmpties_HasWhatItShould(int members)
    {
        const int First = 3 * 16_384;
        var set = new NumberSet();
        var step = 16_384 / members;
        for (var i = 0; i < members; i++)
        {
            set.Set(First + (i * step), true);
            set.Set(First + (i * step), true); // twice is once
        }

        Assert.Equal(members, set.Count);
        Assert.Equal(Enumerable.Range(0, members).Select(i => First + (i * step)), Walked(set));
        Assert.False(set.Contains(First - 1));
        Assert.False(set.Contains(First + 16_384));
        for (var i = 0; i < members; i++)
        {
            set.Set(First + (i * step), false);
            set.Set(First + (i * step), false);
        }

        Assert.Equal(0, set.Count);
        Assert.Empty(Walked(set));
    }

    /// <summary>What is in all the time is seen at every look, while others come and go and the page becomes a bitmap.</summary>
    [Fact]
    public async Task ReaderOfAPageThatBecomesABitmap_NeverMissesWhatStays()
    {
        const int Stays = 777;
        for (var round = 0; round < 200; round++)
        {
            var set = new NumberSet();
            set.Set(Stays, true);
            using var ended = new CancellationTokenSource();
            var reader = Task.Run(() =>
            {
                var misses = 0;
                while (!ended.IsCancellationRequested)
                {
                    misses += set.Contains(Stays) && set.NextWord(Stays >> 6) == Stays >> 6 ? 0 : 1;
                }

                return misses;
            });
            for (var i = 0; i < 300; i++)
            {
                set.Set(i * 7, true);
            }

            await ended.CancelAsync();
            Assert.Equal(0, await reader);
        }
    }

    [Fact]
    public void EmptySet_HasNothingAnywhere()
    {
        var set = new NumberSet();

        Assert.False(set.Contains(0));
        Assert.False(set.Contains(int.MaxValue));
        Assert.Equal(0UL, set.Word(0));
        Assert.Equal(0UL, set.Word(1 << 20));
        Assert.Equal(0, set.CountWith(set));
    }

    private static void Change(NumberSet set, HashSet<int> model, int number, bool present)
    {
        set.Set(number, present);
        if (present)
        {
            model.Add(number);
        }
        else
        {
            model.Remove(number);
        }
    }

    private static IEnumerable<int> Walked(NumberSet set)
    {
        for (var word = set.NextWord(0); word < int.MaxValue; word = set.NextWord(word + 1))
        {
            Assert.NotEqual(0UL, set.Word(word));
            for (var bits = set.Word(word); bits != 0; bits &= bits - 1)
            {
                yield return (word * 64) + System.Numerics.BitOperations.TrailingZeroCount(bits);
            }
        }
    }

    private static IEnumerable<int> Members(NumberSet set)
    {
        for (var word = 0; word < 1_000_000 / 64 + 1; word++)
        {
            for (var bits = set.Word(word); bits != 0; bits &= bits - 1)
            {
                yield return (word * 64) + System.Numerics.BitOperations.TrailingZeroCount(bits);
            }
        }
    }
}
