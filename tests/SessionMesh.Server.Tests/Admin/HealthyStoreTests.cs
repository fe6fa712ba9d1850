using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Admin;

/// <summary>
/// What a store may look like that nothing is wrong with: a check must not call it damaged, since a restore would refuse it.
/// </summary>
public sealed class HealthyStoreTests
{
    [Fact]
    public async Task Check_OfAMeshWhoseRootKeyWasRevoked_FindsNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 1);
        await mesh.DeleteAsync("keys/" + mesh.RootKey[4..16]);
        Whole(mesh);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Check_AfterANewRootKey_AndKeysThatWereRotated_FindsNothing(bool keepChildren)
    {
        await using var mesh = await MeshHost.StartAsync();
        var child = await mesh.MintAsync("""{"session_key":"n"}""");
        await mesh.MintAsync("{}", child);
        await mesh.MintAsync("""{"session_key":"n"}""");
        var replaced = await mesh.PostAsync("admin/new-root", $$"""{"keep_children":{{(keepChildren ? "true" : "false")}}}""");
        Assert.Equal(201, replaced.Status);
        Whole(mesh);
    }

    [Fact]
    public async Task Check_OfATrimmedStore_AndOfOneThatWasRestored_FindsNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 3);
        for (var seq = 1; seq <= 4; seq++)
        {
            await mesh.PostAsync("agents/a1/directives/" + seq + "/ack", """{"state":"acknowledged"}""");
            await mesh.PostAsync("steer", """{"agent_id":"a1","direction":"south"}""");
        }

        await mesh.PostAsync("agents/a2/exit", """{"incarnation":1}""");
        await mesh.PostAsync("sessions", """{"id":"x","ttl":60}""");
        await mesh.DeleteAsync("sessions/x");
        await mesh.DeleteAsync("keys/" + (await mesh.MintAsync("{}"))[4..16]);
        var later = mesh.Engine.Now.Wall + 1;
        var pass = new TrimPass(new TrimLimits(later, later, later), agent => mesh.State.Slots[agent]?.Inbox.LastRevision ?? 0);
        while (await mesh.Service<MeshStore>().TrimAsync(pass, work => mesh.Engine.UpkeepAsync(work)))
        {
        }

        Assert.True(pass.Removed is { Changes: > 0, Directives: > 0, Keys: > 0 }, $"{pass.Removed}");
        Whole(mesh);
        await RestoreAsync(mesh);
        await mesh.RestartAsync();
        Whole(mesh);
        await mesh.RegisterAsync("next");
        await mesh.PostAsync("steer", """{"agent_id":"next","direction":"north"}""");
        Whole(mesh);
    }

    /// <summary>An agent that is forgotten leaves its directives for as long as any are kept, and its number to another.</summary>
    [Fact]
    public async Task Check_AfterAgentsWereForgotten_FindsNothing_UntilSomethingIsWrong()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 3);
        await mesh.PostAsync("steer", """{"agent_id":"a0","direction":"south"}""");
        foreach (var seq in new[] { 1, 2 })
        {
            await mesh.PostAsync($"agents/a0/directives/{seq}/ack", """{"state":"acknowledged"}""");
        }

        await mesh.RegisterAsync("late");
        await mesh.PostAsync("steer", """{"agent_id":"late","direction":"north"}""");
        await mesh.RunSqlAsync($"DELETE FROM agents WHERE number = 0");
        Assert.NotEmpty(mesh.Findings()); // nobody was forgotten, so that it is missing
        await mesh.RunSqlAsync($"UPDATE mesh SET forgotten_incarnation = 1");
        Assert.Empty(mesh.Findings());
        // As if it had got that number.
        await mesh.RunSqlAsync($"UPDATE agents SET number = 0 WHERE id = 'late'");
        await mesh.RunSqlAsync($"UPDATE directives SET agent = 0 WHERE agent = 3");
        Assert.Empty(mesh.Findings());
        await mesh.RunSqlAsync($"DELETE FROM directives WHERE agent = 0 AND seq = 2");
        Assert.Empty(mesh.Findings()); // the newest of the one before
        await mesh.RunSqlAsync($"""
            UPDATE directives SET seq = 3 WHERE agent = 0 AND revision = (SELECT max(revision) FROM directives WHERE agent = 0)
            """);
        Assert.Contains("the directives of 1 agents have a gap", mesh.Findings());
    }

    [Fact]
    public async Task Check_AfterAnAgentWasForgotten_AndItsNumberGivenAgain_FindsNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 3);
        await mesh.PostAsync("agents/a1/exit", """{"incarnation":1}""");
        Assert.Equal(200, (await mesh.DeleteAsync("agents/a1?forget=true")).Status);
        Whole(mesh);
        await mesh.RegisterAsync("next");
        await mesh.PostAsync("steer", """{"agent_id":"next","direction":"north"}""");
        await mesh.PostAsync("steer", """{"agent_id":"next","direction":"south"}""");
        Whole(mesh);
        await RestoreAsync(mesh);
        await mesh.RestartAsync();
        Whole(mesh);
    }

    /// <summary>From a backup of what is there; PostgreSQL has its own.</summary>
    private static async Task RestoreAsync(MeshHost mesh)
    {
        if (mesh.Service<MeshStore>().IsFile)
        {
            Assert.Equal(202, (await RestoreTests.SendAsync(mesh, (await mesh.PostAsync("admin/backup")).Bytes)).Status);
        }
    }

    private static void Whole(MeshHost mesh) => Assert.Empty(mesh.Findings());
}
