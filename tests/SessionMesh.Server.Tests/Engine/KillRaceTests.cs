using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>A kill, its exit report, heartbeats and new registrations at the same moment, from many sides.</summary>
public sealed class KillRaceTests
{
    private const int Rounds = 400;

    [Fact]
    public async Task KillRacingReregistration_ConfirmedIncarnation_NeverLivesAgain()
    {
        using var rig = new EngineRig();
        for (var round = 0; round < Rounds; round++)
        {
            var id = $"agent-{round % 10}";
            await rig.Engine.ExecuteAsync(Register(id, takeover: false), Origin.Mesh);
            var incarnation = rig.State.Find(id)!.Agent.Incarnation;

            var kill = Task.Run(() => rig.Engine.ExecuteAsync(
                new KillAgent { Actor = Actors.Mesh, AgentId = id, Order = new StopOrder { Grace = 10, AtOnce = round % 2 == 0 } },
                Origin.Mesh));
            var exit = Task.Run(() => rig.Engine.ExecuteAsync(
                new ReportExit { Actor = Actors.Mesh, AgentId = id, Incarnation = incarnation, Signal = "KILL" }, Origin.Mesh));
            var again = Task.Run(() => rig.Engine.ExecuteAsync(Register(id, takeover: round % 3 == 0), Origin.Mesh));
            var beat = Task.Run(() => rig.Engine.ExecuteAsync(
                new ReviveBySignOfLife { Actor = Actors.Mesh, AgentId = id, Incarnation = incarnation, Beat = Beat.Empty }, Origin.Mesh));
            var renew = Task.Run(() => rig.Engine.ExecuteAsync(
                Register(id, takeover: false) with { Incarnation = incarnation }, Origin.Mesh));
            await Task.WhenAll(kill, exit, again, beat, renew);

            var after = rig.State.Find(id)!;
            if ((await exit).Value is { Agent: { Liveness: Liveness.Dead, LastExit.Confirmed: true } })
            {
                Assert.False(
                    after.Agent.HasSession && after.Agent.Incarnation <= incarnation,
                    $"round {round}: incarnation {incarnation} lives after its confirmed end");
                Assert.False(
                    after.TryBeat(incarnation, Beat.Empty, rig.Engine.Now, 60, out _),
                    $"round {round}: a beat of the dead incarnation was taken");
            }

            // Whatever came of the race, the next round begins with a proven end.
            await rig.Engine.ExecuteAsync(
                new KillAgent { Actor = Actors.Mesh, AgentId = id, Order = new StopOrder { Grace = 0, AtOnce = true } }, Origin.Mesh);
            var left = await rig.Engine.ExecuteAsync(
                new ReportExit { Actor = Actors.Mesh, AgentId = id, Incarnation = after.Agent.Incarnation }, Origin.Mesh);
            Assert.Equal(Liveness.Dead, left.Value!.Agent.Liveness);
        }
    }

    private static RegisterAgent Register(string id, bool takeover) =>
        new() { Actor = Actors.Mesh, AgentId = id, Profile = new Profile(), Takeover = takeover };
}
