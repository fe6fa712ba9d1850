using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.Agents;

/// <summary>A kill by selector, decided alone: what it comes to, and that it costs what it stops.</summary>
public sealed class KillManyTests
{
    private static readonly Moment s_now = new(1_000_000, 1);

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(2000)]
    public void Kill_OfAChain_TellsEachOnce_LeavesFirst_AndReportsEachOnce(int length)
    {
        var draft = new MeshDraft(Chain(length), s_now);
        var outcomes = Kill(draft, new Selection { Cluster = "chain" }, length);

        Assert.Equal(Enumerable.Range(0, length), outcomes.Select(o => o.Agent.Number));
        Assert.All(outcomes, outcome => Assert.Empty(outcome.Descendants)); // each is reported by its own
        Assert.Equal(
            Enumerable.Range(0, length).Reverse().SelectMany(n => new[] { $"directive.issued {n}", $"agent.stopping {n}" }),
            draft.Changes.Select(change => $"{change.Kind} {change.Subject}"));
    }

    /// <summary>
    /// What is allocated stands for what is looked at: a list of descendants for each agent of the chain would be a hundredfold.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Kill_OfAChainTenTimesAsLong_CostsTenTimesAsMuch(bool withinASubtree)
    {
        Cost(50); // what the first call alone costs
        var (shorter, longer) = (Cost(400), Cost(4000));
        Assert.True(longer < 15 * shorter, $"{shorter} bytes for 400, {longer} for 4,000");

        long Cost(int length)
        {
            var state = Chain(length);
            var draft = new MeshDraft(state, s_now);
            if (withinASubtree)
            {
                Mint(draft, Reach.OfSubtree("0"));
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            Kill(draft, new Selection { Cluster = "chain" }, length);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Kill_OfSomeAboveOthers_ReportsEachBelowTheNearest()
    {
        // 0 ─ 1 ─ 2 ─ 3 ─ 4 and 1 ─ 5; the selector means 1, 3 and 4.
        var state = Chain(5);
        var draft = new MeshDraft(state, s_now);
        Register(draft, "5", "1");
        var outcomes = Kill(draft, new Selection { AgentIds = ["4", "1", "3"] }, 3);

        Assert.Equal(
            ["1: 2,5", "3: ", "4: "],
            outcomes.Select(o => $"{o.Agent.Id}: {string.Join(",", o.Descendants.Select(a => a.Id).Order(StringComparer.Ordinal))}"));
        Assert.Equal(["1", "2", "3", "4", "5"], draft.Changes.OfType<AgentStopping>().Select(c => c.Subject).Order(StringComparer.Ordinal));
        Assert.Equal("alive", draft.KnownAgent("0")!.Liveness.Word());
        Assert.True(Place(draft, "4") < Place(draft, "3"));
        Assert.True(Place(draft, "3") < Place(draft, "2"));
        Assert.True(Place(draft, "2") < Place(draft, "1"));
        Assert.True(Place(draft, "5") < Place(draft, "1"));
    }

    /// <summary>Parents first: a child that stays is handed over once, past all that go.</summary>
    [Fact]
    public void Kill_OfAChainWithoutCascade_HandsAChildThatStaysOverOnce()
    {
        var state = Chain(100);
        var draft = new MeshDraft(state, s_now);
        for (var i = 0; i < 100; i++)
        {
            Register(draft, $"stays-{i}", $"{i}", cluster: "stays");
        }

        var before = draft.Changes.Count;
        Kill(draft, new Selection { Cluster = "chain" }, 100, cascade: false, atOnce: true);

        Assert.All(
            Enumerable.Range(0, 100),
            i => Assert.Equal((-1, Liveness.Alive), (draft.KnownAgent($"stays-{i}")!.Parent, draft.KnownAgent($"stays-{i}")!.Liveness)));
        Assert.Equal(99 + 100, draft.Changes.Skip(before).Count(change => change is AgentUpdated));
    }

    private static int Place(MeshDraft draft, string id) =>
        draft.Changes.ToList().FindIndex(change => change is AgentStopping && change.Subject == id);

    private static IReadOnlyList<KillOutcome> Kill(
        MeshDraft draft, Selection selection, int expect, bool cascade = true, bool atOnce = false)
    {
        var kill = new KillMany
        {
            Actor = draft.Actor,
            Selection = selection,
            Order = new StopOrder { Grace = 10, Cascade = cascade, AtOnce = atOnce },
            Expect = expect,
        };
        var outcome = kill.Decide(draft);
        Assert.True(outcome.Succeeded, outcome.Error?.Detail);
        return outcome.Value;
    }

    private static void Mint(MeshDraft draft, string within)
    {
        new MintKey { Actor = Actors.Mesh, KeyId = "key", Hash = "h", Scopes = ScopeSet.Kill, Within = [within] }.Decide(draft);
        Assert.True(draft.ActFor("key"));
    }

    private static MeshState Chain(int length)
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, s_now);
        for (var i = 0; i < length; i++)
        {
            Register(draft, $"{i}", i == 0 ? null : $"{i - 1}");
        }

        draft.Commit();
        return state;
    }

    private static void Register(MeshDraft draft, string id, string? parent, string cluster = "chain") =>
        Assert.True(new RegisterAgent
        {
            Actor = Actors.Mesh,
            AgentId = id,
            Profile = new Profile { ParentId = parent, Cluster = cluster },
        }.Decide(draft).Succeeded);
}
