using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Tests.Claims;

public sealed class ClaimQuotaTests
{
    private static readonly Moment s_now = new(1_700_000_000_000, 1);

    [Fact]
    public void OfAnAccount_AHundredThousand_AndNotOneMore()
    {
        var state = Fleet(11);
        Load(state, Limits.ClaimsPerAccount, account: "account");
        var draft = new MeshDraft(state, s_now);
        draft.Put(new Key
        {
            Revision = 1, Id = "k", Name = "k", Lineage = "account", Account = "account", Scopes = ScopeSet.Steer, Hash = "",
            CreatedAt = s_now.Wall,
        });
        Assert.True(draft.ActFor("k"));
        Assert.Equal(ErrorCodes.ClaimQuota, Claim("k").Decide(draft).Error?.Code);
        draft.ActFor(Actors.Mesh);
        Assert.True(Claim(Actors.Mesh).Decide(draft).Succeeded); // the bound is that account's
        draft.ActFor("k");
        draft.Remove(state.Claims.After(0).First());
        Assert.True(Claim("k").Decide(draft).Succeeded);
        Assert.Equal(ErrorCodes.ClaimQuota, Claim("k").Decide(draft).Error?.Code);
    }

    [Fact]
    public void OfAMesh_AMillion_AndNotOneMore()
    {
        var state = Fleet(101);
        Load(state, Limits.Claims, account: null);
        var draft = new MeshDraft(state, s_now);
        draft.ActFor(Actors.Mesh);
        Assert.Equal(ErrorCodes.ClaimQuota, Claim(Actors.Mesh).Decide(draft).Error?.Code);
        draft.Remove(state.Claims.After(0).First());
        Assert.True(Claim(Actors.Mesh).Decide(draft).Succeeded);
        Assert.Equal(ErrorCodes.ClaimQuota, Claim(Actors.Mesh).Decide(draft).Error?.Code);
    }

    private static ClaimSpecialist Claim(string actor) =>
        new() { Actor = actor, Ttl = 60, Matching = new Matching { Specialization = "ocr" } };

    /// <summary>Agents of the largest capacity that there is.</summary>
    private static MeshState Fleet(int agents)
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, s_now);
        draft.ActFor(Actors.Mesh);
        for (var i = 0; i < agents; i++)
        {
            new RegisterAgent
            {
                Actor = Actors.Mesh, AgentId = $"a{i}", Profile = new Profile { Skills = [new("ocr", Capacity: Limits.MaxCapacity)] },
            }.Decide(draft);
        }

        draft.Commit();
        return state;
    }

    /// <summary>Claims as a store has them; only the last agent has room.</summary>
    private static void Load(MeshState state, int count, string? account)
    {
        for (var i = 0; i < count; i++)
        {
            state.Claims.Put(new Claim
            {
                Revision = 1000 + i, Agent = i / Limits.MaxCapacity, AgentId = $"a{i / Limits.MaxCapacity}", Specialization = "ocr",
                KeyId = "k", Lineage = account, Account = account, Ttl = 60, At = s_now.Wall, ExpiresAt = s_now.Wall + 60_000,
            }, s_now);
        }

        Assert.Equal(count, state.Claims.Count);
    }
}
