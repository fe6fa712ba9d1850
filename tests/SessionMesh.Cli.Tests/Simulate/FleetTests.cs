using SessionMesh.Cli.Simulate;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Tests.Simulate;

public sealed class FleetTests
{
    private static Directive Word(long seq, string verb = DirectiveVerb.Steer) => new()
    {
        DirectiveId = $"d{seq}",
        AgentId = "a",
        Seq = seq,
        Verb = verb,
        Direction = "north",
        State = DirectiveState.Queued,
        IssuedBy = "k",
        IssuedAt = DateTimeOffset.UnixEpoch,
        ExpiresAt = DateTimeOffset.UnixEpoch,
    };

    private static List<SimulatedAgent> Living(int count)
    {
        var agents = new Fleet(new SimulateOptions { Agents = count }).Agents;
        foreach (var agent in agents)
        {
            agent.Begin(1);
        }

        return [.. agents];
    }

    [Fact]
    public void Waves_RegisterEveryParentBeforeItsChildren()
    {
        var fleet = new Fleet(new SimulateOptions { Agents = 1234, Clusters = 3 });
        var known = new HashSet<string>();
        foreach (var wave in fleet.Waves)
        {
            Assert.All(wave, agent => Assert.True(agent.ParentId is null || known.Contains(agent.ParentId)));
            known.UnionWith(wave.Select(agent => agent.Id));
        }

        Assert.Equal(1234, known.Count);
        Assert.All(known, id => Assert.True(MeshId.IsValid(id)));
        var byId = fleet.Agents.ToDictionary(agent => agent.Id);
        Assert.All(fleet.Agents, agent => Assert.True(agent.ParentId is null || byId[agent.ParentId].Cluster == agent.Cluster));
        Assert.Equal(3, fleet.Agents.Select(agent => agent.Cluster).Distinct().Count());
    }

    [Fact]
    public void Cast_SameSeed_PlaysTheSameCharacters()
    {
        var (one, two) = (Living(50), Living(50));
        for (var beat = 0; beat < 20; beat++)
        {
            for (var i = 0; i < one.Count; i++)
            {
                Assert.Equal(one[i].Beat(60), two[i].Beat(60));
            }
        }
    }

    [Fact]
    public void Beat_ReportsWithinTheContractAndSomeGetStuck()
    {
        var stuck = 0;
        foreach (var agent in Living(200))
        {
            double? before = null;
            for (var beat = 0; beat < 100; beat++)
            {
                var report = agent.Beat(60);
                Assert.InRange(report.Load!.Value, 0, 1);
                Assert.Contains(report.Activity, AgentActivity.All);
                Assert.True(before is null || report.Progress >= before);
                stuck += report.Activity == AgentActivity.Working && report.Progress == before ? 1 : 0;
                before = report.Progress;
            }
        }

        Assert.True(stuck > 50);
    }

    [Fact]
    public void Hear_TheSameDirectiveTwice_ReactsOnce()
    {
        foreach (var agent in Living(100))
        {
            agent.Hear(Word(1));
            Assert.Equal(Reaction.None, agent.Hear(Word(1)).Reaction);
        }
    }

    [Fact]
    public void Hear_AFleet_MostlyObeysSometimesRejectsAndSometimesAnswersLateOrNever()
    {
        var agents = Living(1000);
        var atOnce = agents.Select(agent => agent.Hear(Word(1)).Answer).ToList();
        var late = Enumerable.Range(0, 5).SelectMany(_ => agents.SelectMany(agent => agent.Beat(60).Acks ?? [])).ToList();
        Assert.InRange(atOnce.Count(answer => answer?.State == DirectiveState.Acknowledged), 600, 900);
        Assert.InRange(atOnce.Count(answer => answer?.State == DirectiveState.Rejected), 20, 150);
        Assert.InRange(late.Count, 80, 250);
        Assert.InRange(1000 - atOnce.Count(answer => answer is not null) - late.Count, 5, 100);
    }

    [Fact]
    public void Hear_Stop_AlmostEverybodyExits() =>
        Assert.InRange(Living(1000).Count(agent => agent.Hear(Word(1, DirectiveVerb.Stop)).Reaction == Reaction.Exit), 930, 999);
}
