using System.Text;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Idempotency;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Tests.Engine;

public sealed class RenderTests
{
    [Fact]
    public async Task Render_UnderAnIdempotencyKey_KnowsAnAgentThatItsOwnBatchMade()
    {
        using var rig = new EngineRig();
        using var go = new ManualResetEventSlim();
        var hold = rig.Engine.ExecuteAsync(new Hold { Actor = Actors.Mesh, Go = go }, Origin.Mesh);
        var parent = rig.Engine.ExecuteAsync(
            new RegisterAgent { Actor = Actors.Mesh, AgentId = "parent", Profile = new Profile() }, Origin.Mesh);
        var child = rig.Engine.ExecuteAsync(
            new RegisterAgent { Actor = Actors.Mesh, AgentId = "child", Profile = new Profile { ParentId = "parent" } },
            Origin.Mesh,
            new IdempotencyToken(1, 1),
            registered => new Answer(201, Encoding.UTF8.GetBytes($"\"{rig.Engine.ParentIdOf(registered.Agent)}\"")));
        go.Set();

        Assert.True((await hold).Value);
        Assert.True((await parent).Succeeded);
        Assert.Equal("\"parent\"", Encoding.UTF8.GetString((await child).Answer!.Json));
    }

    private sealed record Hold : Command<bool>
    {
        public required ManualResetEventSlim Go { get; init; }

        public override Outcome<bool> Decide(MeshDraft draft) => Go.Wait(TimeSpan.FromSeconds(30));
    }
}
