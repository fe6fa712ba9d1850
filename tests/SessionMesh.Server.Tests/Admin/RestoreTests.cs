using Microsoft.Extensions.Hosting;
using SessionMesh.Contracts;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Admin;

[Trait("Store", "SQLite")]
public sealed class RestoreTests
{
    [Fact]
    public async Task Restore_AnswersWhenItIsStaged_AsksForARestart_AndTheNextStartTakesIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 3);
        var backup = await mesh.PostAsync("admin/backup");
        var then = Projection.OfMemory(mesh.State);
        await mesh.RegisterAsync("later");
        var reply = (await SendAsync(mesh, backup.Bytes)).ShouldBe(202, """
            {"restarting":true,"revision":8,"current_revision":10,
             "counts":{"changes":8,"agents":3,"directives":3,"keys":1,"sessions":0,"receipts":0},"root_key_valid":true,"detail":"*"}
            """);
        Assert.Contains("mesh.db.before-restore-REVISION", reply.Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        var stopping = new TaskCompletionSource();
        await using (mesh.Service<IHostApplicationLifetime>().ApplicationStopping.Register(() => stopping.TrySetResult()))
        {
            await stopping.Task.WaitAsync(Eventually.Bound); // it is asked for once the answer is on its way
        }

        Assert.True(mesh.Service<Restart>().IsAsked);
        await mesh.RestartAsync();
        Assert.Equal([then[0], "epoch 2", .. then.Skip(2)], Projection.OfMemory(mesh.State));
        Assert.False(StoreSwap.IsStaged(mesh.Directory));
        Assert.Equal("mesh.db.before-restore-10", mesh.Service<DataDirectory>().SetAside);
        (await mesh.GetAsync("agents/later")).ShouldBeRefused(404, "agent_not_found");
        using (var before = SqliteStore.Open(Path.Combine(mesh.Directory, "mesh.db.before-restore-10")))
        {
            Assert.NotNull(Projection.Reloaded(before).Find("later"));
        }

        // The log goes on from where the backup was: a reader from before is told so.
        await using var events = await mesh.ListenAsync("events", lastEventId: 10);
        Assert.Equal("ahead", (await events.NextAsync("resync")).Json["code"]!.GetValue<string>());
        await mesh.RegisterAsync("new");
        Assert.Equal(9, (await events.NextAsync("agent.registered")).Id);
        await mesh.RestartAsync();
        Assert.Null(mesh.Service<DataDirectory>().SetAside);
    }

    [Fact]
    public async Task Restore_IntoAnotherMesh_SaysThatItsRootKeyIsNotValidThere()
    {
        await using var from = await MeshHost.StartAsync();
        await BackupTests.FillAsync(from, 2);
        await using var into = await MeshHost.StartAsync();
        var own = into.RootKey;
        var reply = await SendAsync(into, (await from.PostAsync("admin/backup")).Bytes);
        Assert.Equal((202, false), (reply.Status, reply.Json["root_key_valid"]!.GetValue<bool>()));
        Assert.Contains("root.key is not valid", reply.Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        await into.RestartAsync();
        (await into.GetAsync("alive", own)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(2, (await into.GetAsync("agents", from.RootKey)).Json["count"]!.GetValue<int>());
    }

    [Fact]
    public async Task Restore_DryRun_OnlySaysWhatItWouldBe()
    {
        await using var mesh = await MeshHost.StartAsync();
        var backup = await mesh.PostAsync("admin/backup");
        (await SendAsync(mesh, backup.Bytes, "?dry_run=true")).ShouldBe(200, """
            {"restarting":false,"revision":2,"current_revision":3,
             "counts":{"changes":2,"agents":0,"directives":0,"keys":1,"sessions":0,"receipts":0},"root_key_valid":true,
             "detail":"It can be restored. Nothing was changed."}
            """);
        Assert.False(mesh.Service<Restart>().IsAsked);
        Assert.False(StoreSwap.IsStaged(mesh.Directory));
    }

    [Fact]
    public async Task Restore_OfWhatIsNoBackup_IsRefused_AndLeavesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 100);
        var whole = (await mesh.PostAsync("admin/backup")).Bytes;
        byte[] damaged = [.. whole];
        Random.Shared.NextBytes(damaged.AsSpan(damaged.Length / 2, 8192));
        var newer = Path.Combine(mesh.Directory, "newer");
        await File.WriteAllBytesAsync(newer, whole);
        using (var db = StoreFile.OpenAlone(newer))
        {
            using var command = db.CreateCommand();
            command.CommandText = "INSERT INTO __EFMigrationsHistory VALUES ('9999_future', '99.0')";
            command.ExecuteNonQuery();
        }

        foreach (var (body, why) in new (byte[], string)[]
        {
            ([], "The body is empty"),
            ("{}"u8.ToArray(), "the file is not the database of a mesh, or it is damaged"),
            (new byte[8192], "the file is not the database of a mesh, or it is damaged"),
            (whole[..^4096], "damaged"),
            (damaged, "damaged"),
            (await File.ReadAllBytesAsync(newer), "a newer version wrote it (it has the migration 9999_future)"),
        })
        {
            var refused = (await SendAsync(mesh, body)).ShouldBeProblem(400, "not_a_backup");
            Assert.Contains(why, refused.Detail, StringComparison.Ordinal);
        }

        await mesh.Service<StoreWork>().IdleAsync().WaitAsync(Eventually.Bound);
        Assert.Empty(Directory.GetFiles(Path.Combine(mesh.Directory, "tmp")));
        Assert.False(StoreSwap.IsStaged(mesh.Directory));
        Assert.False(mesh.Service<Restart>().IsAsked);
        Assert.Empty(await Audit.AuditRig.AuditAsync(mesh, "?subject=restore"));
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }

    [Fact]
    public async Task Restore_PastItsBound_Is413_BeforeAnythingIsRead()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var (length, status) in new[] { (Limits.RestoreBytes, ""), (Limits.RestoreBytes + 1, "HTTP/1.1 413") })
        {
            // At the bound the server goes on to read, and the cut connection is the end of it.
            var answer = await mesh.SendRawAsync(
                $"POST /api/session-mesh/admin/restore HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {mesh.RootKey}\r\n"
                + $"Connection: close\r\nContent-Length: {length}\r\n\r\n",
                cut: status == "");
            Assert.True(
                status == ""
                    ? answer == "" || answer.Contains("disk_full", StringComparison.Ordinal)
                    : answer.StartsWith(status, StringComparison.Ordinal),
                answer);
            Assert.Equal(status != "", answer.Contains("body_too_large", StringComparison.Ordinal));
        }

        await mesh.Service<StoreWork>().IdleAsync().WaitAsync(Eventually.Bound);
        Assert.Empty(Directory.GetFiles(Path.Combine(mesh.Directory, "tmp")));
    }

    [Fact]
    public async Task Restore_WhileOneIsStaged_Is409()
    {
        await using var mesh = await MeshHost.StartAsync();
        await File.WriteAllBytesAsync(Path.Combine(mesh.Directory, StoreFile.Staged), []);
        (await SendAsync(mesh, [1])).ShouldBeProblem(409, "restore_pending");
        File.Delete(Path.Combine(mesh.Directory, StoreFile.Staged));
    }

    /// <summary>A crash between any two of the steps that put a store in place: the next start finishes it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Start_AfterACrashWhileAStoreWasPutInPlace_FinishesIt(int steps)
    {
        await using var mesh = await MeshHost.StartAsync();
        await BackupTests.FillAsync(mesh, 3);
        var backup = await mesh.PostAsync("admin/backup");
        var then = Projection.OfMemory(mesh.State);
        await mesh.RegisterAsync("later");
        await mesh.StopAsync();
        await File.WriteAllBytesAsync(Path.Combine(mesh.Directory, StoreFile.Staged), backup.Bytes);
        if (steps > 0)
        {
            File.Move(mesh.Database, Path.Combine(mesh.Directory, "mesh.db.before-restore-9"));
            await File.WriteAllBytesAsync(mesh.Database + "-wal", [1, 2, 3]); // what the one before may have left
        }

        if (steps > 1)
        {
            File.Move(Path.Combine(mesh.Directory, StoreFile.Staged), mesh.Database);
            File.Delete(mesh.Database + "-wal");
        }

        await mesh.RestartAsync();
        Assert.Equal(then, Projection.OfMemory(mesh.State));
        Assert.False(StoreSwap.IsStaged(mesh.Directory));
        Assert.True(File.Exists(Path.Combine(mesh.Directory, "mesh.db.before-restore-9")));
    }

    [Fact]
    public async Task Start_WithAStagedStore_InPlaceOfOneThatCannotBeRead_KeepsThatToo()
    {
        await using var mesh = await MeshHost.StartAsync();
        var backup = await mesh.PostAsync("admin/backup");
        await mesh.StopAsync();
        await File.WriteAllTextAsync(mesh.Database, new string('x', 8192));
        await File.WriteAllBytesAsync(Path.Combine(mesh.Directory, StoreFile.Staged), backup.Bytes);
        await mesh.RestartAsync();
        Assert.Equal("mesh.db.before-restore-damaged", mesh.Service<DataDirectory>().SetAside);
        Assert.StartsWith(
            "xxx", await File.ReadAllTextAsync(Path.Combine(mesh.Directory, "mesh.db.before-restore-damaged")), StringComparison.Ordinal);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }

    /// <summary>A body of no stated length is let in by the room there is when it begins.</summary>
    [TinyDiskFact("tmpfs")]
    public async Task Restore_OfNoStatedLength_IsCutOffBeforeItFillsTheDisk()
    {
        using var disk = TinyDisk.Mount("tmpfs", 140);
        await using var mesh = await MeshHost.StartAsync(_ => { }, directory: Path.Combine(disk.Path, "data"));
        using var request = mesh.Request(HttpMethod.Post, "admin/restore");
        request.Headers.TransferEncodingChunked = true;
        request.Content = new StreamContent(new MemoryStream(new byte[100 << 20]));
        (await mesh.SendAsync(request)).ShouldBeProblem(507, "disk_full");
        Assert.Empty(Directory.GetFiles(Path.Combine(mesh.Directory, "tmp")));
        (await mesh.PostAsync("agents", """{"agent_id":"a"}""")).ShouldBeOk();
    }

    internal static async Task<Reply> SendAsync(MeshHost mesh, byte[] body, string query = "")
    {
        using var request = mesh.Request(HttpMethod.Post, "admin/restore" + query);
        request.Content = new ByteArrayContent(body);
        return await mesh.SendAsync(request);
    }
}
