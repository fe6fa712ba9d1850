using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.Overview;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Live;

public sealed class LiveFleetTests
{
    [Theory]
    [InlineData(61, true)]
    [InlineData(60, false)]
    public void Agent_ThatWorksWithoutProgress_IsStalled(int seconds, bool isStalled)
    {
        var now = DateTimeOffset.UnixEpoch.AddDays(1);
        var row = new AgentRow
        {
            AgentId = "a",
            Status = AgentStatus.Alive,
            Activity = AgentActivity.Working,
            ProgressInterval = 60,
            LastProgressAt = now.AddSeconds(-seconds),
        };
        Assert.Equal(isStalled, LiveAgent.From(row, now, text => text).Stalled);
        Assert.Equal(isStalled ? AliveFilter.Stalled : AgentStatus.Alive, LiveAgent.From(row, now, text => text).Mark);
        Assert.False(LiveAgent.From(row with { Activity = AgentActivity.Waiting }, now, text => text).Stalled);
        Assert.False(LiveAgent.From(row with { Status = AgentStatus.Lost }, now, text => text).Stalled);
    }

    [Fact]
    public void Counts_AreOfEveryMark_InOneOrder() => Assert.Equal(
        [("alive", 2), ("paused", 1), ("stalled", 0), ("suspect", 0), ("stopping", 0), ("lost", 1), ("dead", 0), ("declared", 0)],
        Sample.Fleet(
            Sample.Agent("a"), Sample.Agent("b"), Sample.Agent("c") with { Paused = true }, Sample.Agent("d", AgentStatus.Lost)).Counts());

    [Fact]
    public void Log_SaysBetweenTwoLooks_WhoIsHow()
    {
        var heard = new Dictionary<string, string> { ["b"] = "dead", ["new"] = "alive" };
        var fleet = Sample.Fleet(Sample.Agent("a"), Sample.Agent("b")).With(heard);
        Assert.Equal([("a", "alive"), ("b", "dead")], fleet.Agents.Select(agent => (agent.Id, agent.Status)));
        Assert.Equal("dead", fleet.Find("b")?.Status);
        Assert.Null(fleet.Find("new"));
    }

    /// <summary>To index 100,000 ids ten times a second would cost more than all else that the page does.</summary>
    [Fact]
    public void Index_IsMadeAnew_OnlyWhereSomebodyCameOrWent()
    {
        var fleet = Sample.Fleet(Sample.Agent("a"), Sample.Agent("b"));
        Assert.True(fleet.With(new Dictionary<string, string> { ["b"] = "dead" }).SharesIndexWith(fleet));
        var next = fleet.Next([Sample.Agent("a", "lost"), Sample.Agent("b")], isWhole: false);
        Assert.True(next.SharesIndexWith(fleet));
        Assert.Equal(("lost", false), (next.Find("a")!.Status, next.IsWhole));
        foreach (LiveAgent[] others in (LiveAgent[][])[[Sample.Agent("a")], [Sample.Agent("a"), Sample.Agent("c")]])
        {
            next = fleet.Next(others, isWhole: true);
            Assert.False(next.SharesIndexWith(fleet));
            Assert.Equal(others[^1], next.Find(others[^1].Id));
            Assert.Null(next.Find("b"));
        }
    }

    [Fact]
    public void Root_IsTheTopOfTheTree_AndACircleEnds()
    {
        var fleet = Sample.Fleet(
            Sample.Agent("top"), Sample.Agent("middle", parent: "top"), Sample.Agent("leaf", parent: "middle"),
            Sample.Agent("alone", parent: "gone"),
            Sample.Agent("x", parent: "y"), Sample.Agent("y", parent: "x"));
        Assert.Equal("top", fleet.RootOf(fleet.Find("leaf")!));
        Assert.Equal("alone", fleet.RootOf(fleet.Find("alone")!));
        Assert.Contains(fleet.RootOf(fleet.Find("x")!), (string[])["x", "y"]);
    }

    [Fact]
    public void Attention_NamesWhatNeedsAPerson_AndHowMany()
    {
        var fleet = Sample.Fleet(
            Sample.Agent("a", AgentStatus.Dead), Sample.Agent("b", parent: "a"), Sample.Agent("c", parent: "forgotten"),
            Sample.Agent("d", AgentStatus.Lost), Sample.Agent("e") with { Pending = Attention.FullInbox },
            Sample.Agent("f", AgentStatus.Dead, parent: "a"), Sample.Agent("g") with { Stalled = true });
        Assert.Equal(
            ["Stalled 1 g", "Lost 1 d", "Orphaned 2 b c", "Rejected a directive 1 b", "Inbox fills up 1 e"],
            Attention.Of(fleet, new HashSet<string> { "b", "gone" })
                .Select(kind => $"{kind.What} {kind.Count} {string.Join(' ', kind.Agents.Select(agent => agent.Id))}"));
        Assert.Empty(Attention.Of(Sample.Fleet(Sample.Agent("a")), new HashSet<string>()));
    }

    [Theory]
    [InlineData(0, 1, 200, 2_000)]
    [InlineData(10_000, 1, 3_000, 5_000)]
    [InlineData(10_000, 10, 16_667, 16_667)]
    [InlineData(100_000, 1, 20_000, 30_000)]
    [InlineData(200_000, 500, 60_000, 60_000)]
    public void Pace_FollowsFromTheSizeOfTheFleet_AndHowManyLook(int agents, int viewers, int afterChange, int atRest)
    {
        Assert.Equal(afterChange, Math.Round(Pace.AfterChange(agents, viewers).TotalMilliseconds));
        Assert.Equal(atRest, Math.Round(Pace.AtRest(agents, viewers).TotalMilliseconds));
    }
}
