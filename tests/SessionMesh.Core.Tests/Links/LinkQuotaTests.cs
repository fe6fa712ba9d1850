using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Links;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.Links;

public sealed class LinkQuotaTests
{
    private static readonly Moment s_now = new(1_700_000_000_000, 1);

    [Fact]
    public void FromAnAgent_AThousand_AndNotOneMore()
    {
        var state = Fleet(3);
        Load(state, Limits.LinksFromAgent, i => (0, 1, $"kind-{i}"));
        AssertFull(state, "a0", "a2");
        Assert.True(Put(Draft(state), "a1", "a0").Succeeded);
    }

    [Fact]
    public void ToAnAgent_TenThousand_AndNotOneMore()
    {
        var state = Fleet(13);
        Load(state, Limits.LinksToAgent, i => (1 + (i % 10), 0, $"kind-{i}"));
        AssertFull(state, "a12", "a0");
        Assert.True(Put(Draft(state), "a12", "a1").Succeeded);
    }

    [Fact]
    public void OfAMesh_AMillion_AndNotOneMore()
    {
        var state = Fleet(1003);
        Load(state, Limits.Links, i => (i / 1000, (i / 1000) + 1 + (i % 2), $"kind-{i % 1000}"));
        AssertFull(state, "a1002", "a0");
    }

    [Fact]
    public void OfAnAccount_AHundredThousand_AndNotOneMore()
    {
        var state = Fleet(103);
        Load(state, Limits.LinksPerAccount, i => (i / 1000, (i / 1000) + 1, $"kind-{i % 1000}"), "account");
        var draft = Draft(state);
        draft.Put(new Key
        {
            Revision = 1, Id = "k", Name = "k", Lineage = "account", Account = "account", Scopes = ScopeSet.RegistryWrite, Hash = "",
            CreatedAt = s_now.Wall,
        });
        Assert.True(draft.ActFor("k"));
        Assert.Equal(ErrorCodes.LinkQuota, Put(draft, "a102", "a0").Error?.Code);
        Assert.True(Put(draft, "a0", "a1", "kind-7", weight: 9).Succeeded); // it is there
        draft.ActFor(Actors.Mesh);
        Assert.True(Put(draft, "a102", "a0").Succeeded); // the bound is that account's
        draft.ActFor("k");
        draft.Remove(state.Links.After(0).First());
        Assert.True(Put(draft, "a102", "a1").Succeeded);
        Assert.Equal(ErrorCodes.LinkQuota, Put(draft, "a102", "a2").Error?.Code);
    }

    /// <summary>One is refused; with one less there is room for one, and no more.</summary>
    private static void AssertFull(MeshState state, string from, string to)
    {
        var draft = Draft(state);
        Assert.Equal(ErrorCodes.LinkQuota, Put(draft, from, to).Error?.Code);
        draft.Remove(state.Links.After(0).First());
        Assert.True(Put(draft, from, to).Succeeded);
        Assert.True(Put(draft, from, to, weight: 2).Succeeded);
        Assert.Equal(ErrorCodes.LinkQuota, Put(draft, from, to, "another").Error?.Code);
    }

    private static Outcome<PutLinkResult> Put(MeshDraft draft, string from, string to, string kind = "link", double weight = 1) =>
        new PutLink { Actor = draft.Actor, From = from, To = to, LinkKind = kind, LinkWeight = weight }.Decide(draft);

    private static MeshDraft Draft(MeshState state)
    {
        var draft = new MeshDraft(state, s_now);
        draft.ActFor(Actors.Mesh);
        return draft;
    }

    private static MeshState Fleet(int agents)
    {
        var state = new MeshState();
        var draft = Draft(state);
        for (var i = 0; i < agents; i++)
        {
            new DeclareAgent { Actor = Actors.Mesh, AgentId = $"a{i}", Profile = new Profile() }.Decide(draft);
        }

        draft.Commit();
        return state;
    }

    /// <summary>Links as a store has them.</summary>
    private static void Load(MeshState state, int count, Func<int, (int From, int To, string Kind)> of, string? account = null)
    {
        for (var i = 0; i < count; i++)
        {
            var (from, to, kind) = of(i);
            state.Load(new Link
            {
                Revision = 100_000 + i, From = from, FromId = $"a{from}", To = to, ToId = $"a{to}", Kind = kind, Weight = 1,
                Account = account, At = s_now.Wall,
            });
        }

        Assert.Equal(count, state.Links.Count);
    }
}
