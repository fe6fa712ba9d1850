using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>A takeover and a steer that commit together, while the incarnation before looks for something to do.</summary>
public sealed class HandOutRaceTests
{
    private const int Rounds = 200;

    [Fact]
    public async Task HandOut_WhileATakeoverAndASteerCommitTogether_GivesTheOldIncarnationNothing()
    {
        var state = new MeshState();
        Commit(state, new RegisterAgent { Actor = Actors.Mesh, AgentId = "a", Profile = new Profile() });
        var slot = state.Find("a")!;
        for (var round = 1; round <= Rounds; round++)
        {
            using var begun = new ManualResetEventSlim();
            var old = Task.Run(() =>
            {
                var handed = slot.HandOut(round, Now.Wall);
                begun.Set();
                while (slot.Agent.Incarnation == round)
                {
                    handed = slot.HandOut(round, Now.Wall);
                    Assert.Empty(handed);
                }

                return handed.Length + slot.HandOut(round, Now.Wall).Length;
            });
            begun.Wait();
            Commit(
                state,
                new RegisterAgent { Actor = Actors.Mesh, AgentId = "a", Profile = new Profile(), Takeover = true },
                new SteerAgent
                {
                    Actor = Actors.Mesh,
                    AgentId = "a",
                    Message = new Message { Verb = Verb.Steer, Direction = "north", Ttl = 60 },
                });
            Assert.Equal(0, await old);
            var directive = Assert.Single(slot.HandOut(round + 1, Now.Wall));
            Assert.Equal(Holding.HandedOut, slot.HoldBack(directive));
            Commit(state, new AckDirective { Actor = Actors.Mesh, AgentId = "a", Seq = directive.Seq, State = DeliveryState.Acknowledged });
            Assert.Equal(Holding.Pointless, slot.HoldBack(directive));
        }
    }

    private static Moment Now => new(1_000_000, 1_000);

    private static void Commit(MeshState state, params object[] commands)
    {
        var draft = new MeshDraft(state, Now);
        draft.ActFor(Actors.Mesh);
        foreach (var command in commands)
        {
            Assert.True(command switch
            {
                RegisterAgent c => c.Decide(draft).Succeeded,
                SteerAgent c => c.Decide(draft).Succeeded,
                AckDirective c => c.Decide(draft).Succeeded,
                _ => false,
            });
        }

        draft.Commit();
    }
}
