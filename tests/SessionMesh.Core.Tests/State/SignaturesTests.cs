using SessionMesh.Core.Agents;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.State;

public sealed class SignaturesTests
{
    private static readonly string[] s_names = ["zone", "tier", "host", "team"];

    /// <summary>Over random changes, births and forgettings, nothing that an agent has is ever denied.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomChanges_NeverDenyWhatAnAgentHas(int seed)
    {
        var random = new Random(seed);
        var signatures = new Signatures();
        var agents = new Dictionary<int, Agent>();
        for (var i = 0; i < 20_000; i++)
        {
            var number = random.Next(20) == 0 ? random.Next(100_000) : random.Next(2_000);
            var before = agents.GetValueOrDefault(number);
            var after = before is not null && random.Next(4) == 0 ? null : Some(random, number);
            signatures.Update(before, after);
            agents.Remove(number);
            if (after is not null)
            {
                agents.Add(number, after);
            }
            else
            {
                Assert.False(signatures.MayHave(number, Signatures.OfUser("u1")));
            }
        }

        Assert.All(agents.Values, agent =>
        {
            Assert.True(agent.User is null || signatures.MayHave(agent.Number, Signatures.OfUser(agent.User)));
            Assert.All(agent.Labels.Labels, label =>
                Assert.True(signatures.MayHave(agent.Number, Signatures.OfLabel(label.Key, label.Value))));
            Assert.True(signatures.MayHave(agent.Number, agent.Labels.Labels.Aggregate(
                0UL, (bits, label) => bits | Signatures.OfLabel(label.Key, label.Value))));
        });
    }

    /// <summary>What an agent lacks is denied in all but few cases: with ten labels, in more than eleven of twelve.</summary>
    [Fact]
    public void TenLabels_DenyMostOthers()
    {
        var signatures = new Signatures();
        for (var number = 0; number < 1_000; number++)
        {
            var labels = Enumerable.Range(0, 10).ToDictionary(i => $"name{i}", i => $"value{number}-{i}");
            signatures.Update(null, Agent(number) with { Labels = LabelSet.Of(labels) });
        }

        var maybe = Enumerable.Range(0, 100_000).Count(i => signatures.MayHave(i % 1_000, Signatures.OfLabel("other", $"{i}")));
        Assert.InRange(maybe, 1, 100_000 / 12);
    }

    [Fact]
    public void NothingAsked_IsNeverDenied_AndAnUnknownNumberHasNothing()
    {
        var signatures = new Signatures();
        signatures.Update(null, Agent(5) with { User = "u" });

        Assert.True(signatures.MayHave(5, Signatures.OfUser("u")));
        Assert.True(signatures.MayHave(1_000_000, 0));
        Assert.False(signatures.MayHave(6, Signatures.OfUser("u")));
        Assert.False(signatures.MayHave(1_000_000, Signatures.OfUser("u")));
        Assert.False(signatures.MayHave(int.MaxValue, Signatures.OfUser("u")));
    }

    private static Agent Some(Random random, int number) => Agent(number) with
    {
        User = random.Next(3) == 0 ? null : $"u{random.Next(5)}",
        Labels = LabelSet.Of(s_names.Where(_ => random.Next(2) == 0)
            .Select(name => KeyValuePair.Create(name, $"v{random.Next(20)}"))),
    };

    private static Agent Agent(int number) => new() { Number = number, Id = $"a{number}", Cluster = "c" };
}
