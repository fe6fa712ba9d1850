using Microsoft.Data.Sqlite;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Admin;

/// <summary>Every restore begins an epoch, and what an agent says of one is taken in no other.</summary>
[Trait("Store", "SQLite")]
public sealed class EpochTests
{
    [Fact]
    public async Task Restore_OfTheSameBackupTwice_BeginsTwoEpochs_WhichEveryAnswerAboutAnAgentShows()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 1);
        var backup = (await mesh.PostAsync("admin/backup")).Bytes;
        await ShowsAsync(mesh, 1);
        foreach (var epoch in new[] { 2, 3 })
        {
            Assert.Equal(202, (await RestoreTests.SendAsync(mesh, backup)).Status);
            Assert.Equal(epoch - 1, mesh.State.Epoch);
            await mesh.RestartAsync();
            await ShowsAsync(mesh, epoch);
            await mesh.RestartAsync();
            Assert.Equal(epoch, mesh.State.Epoch); // a restart is no restore
        }
    }

    [Fact]
    public async Task Restore_OfAStoreOfAHigherEpoch_GoesAboveBoth()
    {
        await using var mesh = await MeshHost.StartAsync();
        var backup = (await mesh.PostAsync("admin/backup")).Bytes;
        await RestoreTests.SendAsync(mesh, Changed(mesh, backup, "UPDATE mesh SET epoch = 41"));
        await mesh.RestartAsync();
        Assert.Equal(42, mesh.State.Epoch);
        await RestoreTests.SendAsync(mesh, backup);
        await mesh.RestartAsync();
        Assert.Equal(43, mesh.State.Epoch);
    }

    [Fact]
    public async Task Restore_OfAStoreFromBeforeThereWereEpochs_KeepsTheRaiseThroughItsMigration()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 1);
        var old = Changed(mesh, (await mesh.PostAsync("admin/backup")).Bytes, """
            DROP TABLE mesh; DROP TABLE heads; DROP INDEX IX_directives_pending;
            DELETE FROM __EFMigrationsHistory WHERE MigrationId IN ('0005_mesh', '0010_heads')
            """);
        Assert.Equal(202, (await RestoreTests.SendAsync(mesh, old)).Status);
        await mesh.RestartAsync();
        Assert.Equal(2, mesh.State.Epoch);
        Assert.Empty((await mesh.PostAsync("admin/check")).Json["findings"]!.AsArray());
    }

    /// <summary>
    /// Nobody knows which epoch a store was in that cannot be read: whoever remembers one of its numbers must not meet it again.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restore_InPlaceOfAStoreThatCannotBeRead_BeginsAnEpochThatNoCountReaches(bool isThere)
    {
        await using var mesh = await MeshHost.StartAsync();
        var backup = Path.Combine(mesh.Directory, "b.db");
        await File.WriteAllBytesAsync(backup, (await mesh.PostAsync("admin/backup")).Bytes);
        await mesh.StopAsync();
        StoreFile.Delete(mesh.Database);
        if (isThere)
        {
            await File.WriteAllTextAsync(mesh.Database, new string('x', 8192));
        }

        Assert.Empty(StoreSwap.Inspect(backup, null, null).Facts.Findings);
        StoreSwap.Stage(backup, mesh.Directory);
        await mesh.RestartAsync();
        Assert.True(mesh.State.Epoch > 1_000_000_000, $"{mesh.State.Epoch}");
    }

    [Fact]
    public async Task Stage_LeavesTheStoreThatIsThereInItsEpoch_UntilTheOtherTakesItsPlace()
    {
        await using var mesh = await MeshHost.StartAsync();
        var backup = Path.Combine(mesh.Directory, "b.db");
        await File.WriteAllBytesAsync(backup, (await mesh.PostAsync("admin/backup")).Bytes);
        Assert.Empty(StoreSwap.Inspect(backup, null, null).Facts.Findings);
        StoreSwap.Stage(backup, mesh.Directory);
        Assert.Equal((1, 2), (EpochOf(mesh.Database), EpochOf(Path.Combine(mesh.Directory, StoreFile.Staged))));
        Assert.Equal(1, mesh.State.Epoch);
        File.Delete(Path.Combine(mesh.Directory, StoreFile.Staged)); // as after a crash just before
        await mesh.RestartAsync();
        Assert.Equal(1, mesh.State.Epoch);
    }

    [Fact]
    public async Task AckBeatExitAndStream_OfAnotherEpoch_AreRefused_AndChangeNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 1);
        await RestoreTests.SendAsync(mesh, (await mesh.PostAsync("admin/backup")).Bytes);
        await mesh.RestartAsync();
        var (revision, before) = (mesh.Revision, (await mesh.GetAsync("agents/a0")).Text);
        foreach (var refused in new[]
        {
            await mesh.PostAsync("agents/a0/directives/1/ack", """{"state":"acknowledged","incarnation":1,"epoch":1}"""),
            await mesh.PostAsync(
                "agents/a0/heartbeat", """{"incarnation":1,"epoch":1,"activity":"idle","acks":[{"seq":1,"state":"acknowledged"}]}"""),
            await mesh.PostAsync("agents/a0/exit", """{"incarnation":1,"epoch":1,"exit_code":0}"""),
            await mesh.GetAsync("agents/a0/directives?epoch=1&after=0"),
        })
        {
            var problem = refused.ShouldBeProblem(409, "restored");
            Assert.Contains("Register again", problem.Detail, StringComparison.Ordinal);
        }

        (await mesh.PostAsync("heartbeats", """{"agents":[{"agent_id":"a0","epoch":1,"acks":[{"seq":1,"state":"acknowledged"}]}]}"""))
            .ShouldBe(200, """{"epoch":2,"accepted":0,"refused":[{"agent_id":"a0","code":"restored"}],"pending":[]}""");
        Assert.Equal((revision, before), (mesh.Revision, (await mesh.GetAsync("agents/a0")).Text));
        Assert.Equal(
            200, (await mesh.PostAsync("agents/a0/directives/1/ack", """{"state":"acknowledged","incarnation":1,"epoch":2}""")).Status);
        Assert.Equal(200, (await mesh.PostAsync("agents/a0/heartbeat", """{"incarnation":1,"epoch":2}""")).Status);
        Assert.Equal(200, (await mesh.PostAsync("agents/a0/exit", """{"incarnation":1,"epoch":2,"exit_code":0}""")).Status);
    }

    private static async Task ShowsAsync(MeshHost mesh, int epoch)
    {
        foreach (var path in new[] { "agents/a0", "alive" })
        {
            var json = (await mesh.GetAsync(path)).Json;
            Assert.Equal(epoch, (json["sessions"]?[0] ?? json)["epoch"]!.GetValue<long>());
        }

        Assert.Equal($$"""{"sessions":[{"epoch":{{epoch}}}]""", (await mesh.GetAsync("agents?fields=epoch")).Text.Split(",\"count\"")[0]);
        Assert.Equal(epoch, (await mesh.PostAsync("agents", """{"agent_id":"a0","incarnation":1}""")).Json["epoch"]!.GetValue<long>());
        Assert.Equal(epoch, (await mesh.PostAsync("agents/a0/heartbeat")).Json["epoch"]!.GetValue<long>());
        Assert.Equal(epoch, (await mesh.PostAsync("heartbeats", """{"agents":["a0"]}""")).Json["epoch"]!.GetValue<long>());
        var poll = await mesh.GetAsync("agents/a0/directives");
        Assert.Equal(($"{epoch}", "1"), (poll.Headers["X-Mesh-Epoch"], poll.Headers["X-Mesh-Incarnation"]));
        await using var stream = await mesh.ListenAsync($"agents/a0/directives?epoch={epoch}", lastEventId: 7);
        Assert.Equal(($"{epoch}", "1"), (stream.Headers["X-Mesh-Epoch"], stream.Headers["X-Mesh-Incarnation"]));
        Assert.Equal("ahead", (await stream.NextAsync("resync")).Json["code"]!.GetValue<string>());
        Assert.Equal(1, (await stream.NextAsync("directive")).Id);
    }

    private static long EpochOf(string file)
    {
        using var db = StoreFile.OpenReadOnly(file);
        return StoreEpoch.Of(db);
    }

    private static byte[] Changed(MeshHost mesh, byte[] store, string sql)
    {
        var file = Path.Combine(mesh.Directory, "changed.db");
        File.WriteAllBytes(file, store);
        using (var db = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            db.Open();
            using var command = db.CreateCommand();
#pragma warning disable CA2100 // The texts of this file.
            command.CommandText = sql;
#pragma warning restore CA2100
            command.ExecuteNonQuery();
        }

        return File.ReadAllBytes(file);
    }
}
