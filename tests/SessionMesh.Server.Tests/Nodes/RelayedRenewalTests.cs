using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>What renews a lease at one node without a change of the log is heard of at the others.</summary>
public sealed class RelayedRenewalTests
{
    /// <summary>An agent that lives by such calls alone, at a node that does not judge, is not given up by the one that does.</summary>
    [Fact]
    public async Task Renewal_AtANodeThatDoesNotJudge_IsHeardByTheJudge()
    {
        await using var judge = await MeshHost.StartNodeAsync("one");
        await using var other = await judge.StartBesideAsync("two");
        Assert.True(judge.Engine.IsJudge);
        const string Listed = """{"agent_id":"listed","specialization":"image/faces"}""";
        (await judge.PostAsync("registry", Listed)).ShouldBeOk();
        await judge.RegisterAsync("named");
        var session = (await judge.RegisterAsync("seen")).Json["session_id"]!.GetValue<string>();
        await judge.RegisterAsync("revived");
        string[] agents = ["listed", "named", "seen", "revived"];
        var (before, log) = (agents.Select(agent => judge.State.Find(agent)!.TouchedAt).ToList(), judge.Revision);

        (await other.PostAsync("registry", Listed)).ShouldBeOk();
        await other.RegisterAsync("named", more: ",\"incarnation\":1");
        (await other.PostAsync($"sessions/{session}/refresh")).ShouldBeOk();

        // As when another sign of life was first: the agent is alive by the time that this is decided.
        var beat = new ReviveBySignOfLife { Actor = Actors.Mesh, AgentId = "revived", Beat = Beat.Empty with { Load = 0.5 } };
        Assert.True((await other.Engine.ExecuteAsync(beat, Origin.Mesh)).Succeeded);
        Assert.Equal(log, other.Revision);

        foreach (var (agent, touched) in agents.Zip(before))
        {
            await Eventually.True(
                () => judge.State.Find(agent) is { HeardThrough: > 0 } slot && slot.TouchedAt > touched,
                () => $"the judge hears that {agent} was heard");
        }

        Assert.Equal(0.5, (await judge.GetAsync("agents/revived")).Json["load"]!.GetValue<double>());
    }

    /// <summary>A renewal says nothing of what the agent does, and takes nothing back of what was said at another node.</summary>
    [Fact]
    public async Task Renewal_AtOneNode_LeavesWhatAHeartbeatSaidAtTheOther()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await using var two = await one.StartBesideAsync("two");
        await one.RegisterAsync("a");
        for (var i = 1; i <= 5; i++)
        {
            (await two.PostAsync("agents/a/heartbeat", $$"""{"activity":"working","progress":{{i}}}""")).ShouldBeOk();
            await one.RegisterAsync("a", more: ",\"incarnation\":1");
            await two.RegisterAsync("a", more: ",\"incarnation\":1");
            await Eventually.True(
                async () => (await one.GetAsync("agents/a")).Json["progress"]?.GetValue<double>() == i, () => "the other node hears of it");
            Assert.Equal(i, (await two.GetAsync("agents/a")).Json["progress"]!.GetValue<double>());
        }
    }
}
