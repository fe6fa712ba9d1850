using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Server.Discovery;

namespace SessionMesh.Server.Tests.Discovery;

/// <summary>What no index knows is looked for among so many agents a page, and the cursor goes on where the page ended.</summary>
public sealed class LongSearchTests
{
    private const int Fleet = (2 * Limits.ListLooks) + 500;

    /// <summary>The two agents without <c>rare=no</c>: no index and no signature tells who lacks a label.</summary>
    private static AgentCriteria Rare => new() { Labels = [new LabelTerm("rare", "no", IsNot: true)] };

    private static readonly Moment s_now = new(1_000_000, 1_000);

    private static readonly Lazy<MeshState> s_state = new(() =>
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, s_now);
        for (var i = 0; i < Fleet; i++)
        {
            new RegisterAgent
            {
                Actor = Actors.Mesh,
                AgentId = $"a{i:D6}",
                Profile = new Profile
                {
                    Labels = new Dictionary<string, string> { ["rare"] = i % (Fleet - 1) == 0 ? "yes" : "no" },
                    Skills = i % 10 == 0 ? [new("tenth")] : [],
                },
            }.Decide(draft);
        }

        draft.Commit();
        for (var i = 0; i < Fleet; i++)
        {
            state.Slots[i]!.TryBeat(null, new Beat(Activity.Idle, i * 7919 % 1000 / 1000.0, double.NaN, null, null), s_now, 60, out _);
        }

        return state;
    });

    [Fact]
    public void RareLabel_IsFoundInOnePage()
    {
        var search = new AgentSearch(s_state.Value, new AgentCriteria { Labels = [new LabelTerm("rare", "yes", IsNot: false)] }, null);
        var page = new List<AgentSlot>();

        Assert.Equal(-1, search.Fill(page, -1, 50, s_now));
        Assert.Equal(["a000000", $"a{Fleet - 1:D6}"], page.Select(slot => slot.Agent.Id));
    }

    [Fact]
    public void WhatNothingKnows_TakesPagesThatFindNothing_AndThenTheLast()
    {
        var search = new AgentSearch(s_state.Value, Rare, null);
        var (found, ends) = (new List<string>(), new List<int>());
        for (var after = -1; ends.Count == 0 || after >= 0;)
        {
            var page = new List<AgentSlot>();
            after = search.Fill(page, after, 50, s_now);
            ends.Add(after);
            found.AddRange(page.Select(slot => slot.Agent.Id));
        }

        Assert.Equal(["a000000", $"a{Fleet - 1:D6}"], found);
        Assert.Equal([Limits.ListLooks, 2 * Limits.ListLooks, -1], ends);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatNothingKnows_ById_DoesTheSame(bool isReversed)
    {
        var search = new AgentSearch(s_state.Value, Rare, null);
        var (found, pages) = (new List<string>(), 0);
        string? after = null;
        do
        {
            var page = new List<AgentSlot>();
            after = search.FillById(page, after, isReversed, 50, s_now);
            found.AddRange(page.Select(slot => slot.Agent.Id));
            pages++;
        }
        while (after is not null);

        string[] ids = ["a000000", $"a{Fleet - 1:D6}"];
        Assert.Equal(isReversed ? ids.Reverse() : ids, found);
        Assert.Equal(3, pages);
    }

    /// <summary>Each run of agents is in order by itself, and the pages show every agent once.</summary>
    [Theory]
    [InlineData("load")]
    [InlineData("-load")]
    public void SortByLoad_IsInOrderRunByRun(string sort)
    {
        var order = AgentOrder.Of(sort);
        var search = new AgentSearch(s_state.Value, new AgentCriteria(), null);
        var runs = new Dictionary<int, List<AgentSlot>>();
        for (var from = InRun.First; from is not null;)
        {
            var page = new List<AgentSlot>();
            var next = search.FillByKey(page, order, from, 700, s_now);
            (runs.TryGetValue(from.Start, out var run) ? run : runs[from.Start] = []).AddRange(page);
            from = next;
        }

        Assert.Equal([-1, Limits.ListLooks - 1, (2 * Limits.ListLooks) - 1], runs.Keys);
        foreach (var run in runs.Values)
        {
            var keys = run.ConvertAll(order.KeyOf);
            Assert.Equal(keys.Order(), keys);
        }

        Assert.Equal(Enumerable.Range(0, Fleet), runs.Values.SelectMany(run => run).Select(slot => slot.Agent.Number).Order());
    }

    /// <summary>What an index narrows counts only what is left: a sort of a tenth of the fleet is in order as a whole.</summary>
    [Fact]
    public void SortByLoad_OfWhatAnIndexKnows_IsInOrderAsAWhole()
    {
        var order = AgentOrder.Of("load");
        var search = new AgentSearch(s_state.Value, new AgentCriteria { Specializations = ["tenth"] }, null);
        var page = new List<AgentSlot>();
        Assert.Null(search.FillByKey(page, order, InRun.First, Fleet, s_now));
        Assert.Equal((Fleet + 9) / 10, page.Count);
        var keys = page.ConvertAll(order.KeyOf);
        Assert.Equal(keys.Order(), keys);
    }

}
