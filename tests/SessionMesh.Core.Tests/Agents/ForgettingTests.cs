using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Core.Tests.Agents;

public sealed class ForgettingTests
{
    /// <summary>What was overdue when its agent was forgotten has expired, although no pass has ended it yet.</summary>
    [Fact]
    public void Forget_OfAnAgentWithAnOverdueDirective_EndsThatAsExpired_AndTheOthersAsUndeliverable()
    {
        var state = new MeshState();
        var draft = new MeshDraft(state, new Moment(1_000_000, 1));
        new RegisterAgent { Actor = Actors.Mesh, AgentId = "a", Profile = new Profile() }.Decide(draft);
        foreach (var ttl in new[] { 60, 3600 })
        {
            new SteerAgent
            {
                Actor = Actors.Mesh,
                AgentId = "a",
                Message = new Message { Verb = Verb.Steer, Direction = "north", Ttl = ttl },
            }.Decide(draft);
        }

        draft.Emit(new AgentLivenessChanged { Subject = "a", Liveness = Liveness.Lost });
        draft.Commit();

        draft = new MeshDraft(state, new Moment(1_000_000 + 61_000, 61_001));
        Assert.True(new ForgetAgent { Actor = Actors.Mesh, AgentId = "a" }.Decide(draft).Succeeded);
        Assert.Equal(
            [(1, DeliveryState.Expired, null), (2, DeliveryState.Undeliverable, "the agent was forgotten")],
            draft.Changes.OfType<DirectiveMoved>().Select(moved => (moved.Seq, moved.State, moved.Note)));
    }
}
