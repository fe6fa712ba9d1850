using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Engine;

public sealed class SessionExpiryTests
{
    private const int Sessions = 5 * LeaseKeeper.SessionsAtOnce;

    /// <summary>
    /// All of a million that ended at one tick were queued at once, and again a second later: others waited behind them, or were refused.
    /// </summary>
    [Fact]
    public async Task Sessions_ManyThatEndAtOnce_LetOthersGoBetween_AndAllAreSaidToBeOver()
    {
        await using var mesh = await MeshHost.StartAsync();
        await ImportAsync(mesh);
        Task<Outcome<bool>> between;
        await using (await HeldEngine.HoldAsync(mesh))
        {
            mesh.Time.Advance(TimeSpan.FromSeconds(5)); // ticks that find all of them due, several times
            between = mesh.Engine.ExecuteAsync(new NoteAdmin { Actor = Actors.Mesh, Operation = "check" }, Origin.Mesh);
        }

        await between;
        var revision = await RevisionOfAsync(mesh, "admin.");
        Assert.Equal(1 + Sessions + LeaseKeeper.SessionsAtOnce + 1, revision);
        while (mesh.State.Sessions.Due(mesh.Engine.Now.Wall, 1).Count > 0)
        {
            await mesh.AdvanceAsync(1);
        }

        Assert.All(mesh.State.Sessions.After(0), session => Assert.True(session.IsExpired));
        Assert.Equal(revision + Sessions - LeaseKeeper.SessionsAtOnce, mesh.Revision); // each was said once
    }

    /// <summary>What nobody says because the disk was full is found again.</summary>
    [Fact]
    public async Task Sessions_ThatCouldNotBeSaidToBeOver_AreFoundAgain()
    {
        using var rig = new EngineRig();
        await rig.Engine.ExecuteAsync(new CreateSession { Actor = Actors.Mesh, Id = "s", Ttl = 1 }, Origin.Mesh);
        rig.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(["s"], rig.State.Sessions.Due(rig.Engine.Now.Wall, 10));
        Assert.Equal(["s"], rig.State.Sessions.Due(rig.Engine.Now.Wall, 10));
        await rig.Engine.ExecuteAsync(new ExpireSessions { Actor = Actors.Mesh, Ids = ["s"] }, Origin.Mesh);
        Assert.Empty(rig.State.Sessions.Due(rig.Engine.Now.Wall, 10));
    }

    private static async Task ImportAsync(MeshHost mesh)
    {
        var end = (mesh.Engine.Now.Wall + 1000) * 1000;
        var imported = Enumerable.Range(0, Sessions).Chunk(500).Select(some => mesh.Engine.ExecuteAsync(
            new ImportSessions
            {
                Actor = Actors.Mesh,
                Records = [.. some.Select(i => new ForeignSession($"i{i}", "u", false, 1, Meta.Empty, 1, 1, end, 0))],
            }, Origin.Mesh));
        await Task.WhenAll(imported);
    }

    private static async Task<long> RevisionOfAsync(MeshHost mesh, string kind)
    {
        await using var db = mesh.Service<MeshStore>().OpenReader();
        return await db.Changes.Where(c => c.Kind.StartsWith(kind)).MaxAsync(c => c.Revision);
    }
}
