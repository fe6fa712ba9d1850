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
            // Mostly near each other, sometimes far out, as a rare specialization is.
            var number = random.Next(50) == 0 ? random.Next(1_000_000) : random.Next(5_000);
            Change(set, model, number, random.Next(3) > 0);
            Change(other, otherModel, number, random.Next(2) > 0);
        }

        Assert.Equal(model.Count, set.Count);
        Assert.Equal(model.Intersect(otherModel).Count(), set.CountWith(other));
        Assert.Equal(model.Intersect(otherModel).Count(), other.CountWith(set));
        Assert.All(model, number => Assert.True(set.Contains(number)));
        Assert.Equal(model.Order(), Members(set));
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
