using Microsoft.EntityFrameworkCore;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Http;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Admin;

public sealed class BackupTests
{
    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Backup_IsTheWholeStoreAtOneRevision()
    {
        await using var mesh = await MeshHost.StartAsync();
        await FillAsync(mesh, 20);
        var backup = await mesh.PostAsync("admin/backup");
        Assert.Equal(200, backup.Status);
        Assert.Equal("application/vnd.sqlite3", backup.Headers["Content-Type"]);
        Assert.Equal(mesh.Revision.ToString(), backup.Headers["X-Mesh-Revision"]);
        Assert.Equal($"attachment; filename=\"session-mesh-{mesh.Revision}.db\"", backup.Headers["Content-Disposition"]);
        Assert.Equal(backup.Bytes.Length.ToString(), backup.Headers["Content-Length"]);
        Assert.Contains("no-store", backup.Headers["Cache-Control"], StringComparison.Ordinal);
        using var copy = await CopyAsync(backup);
        Assert.Equal(Projection.OfMemory(mesh.State), Projection.OfMemory(Projection.Reloaded(copy.Store)));
        Assert.Equal(Projection.OfTables(mesh.Service<MeshStore>()), Projection.OfTables(copy.Store));
        Assert.Equal(Projection.OfMemory(mesh.State), Projection.OfMemory(Projection.Replayed(copy.Store).State));
        Assert.Empty(Directory.GetFiles(Path.Combine(mesh.Directory, "tmp")));
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Backup_WhileOthersWrite_HoldsNobodyUp_AndIsWhole()
    {
        await using var mesh = await MeshHost.StartAsync();
        await FillAsync(mesh, 300);
        using var stop = new CancellationTokenSource();
        var (written, moment) = (0, 0);
        var writers = Enumerable.Range(0, 8).Select(async writer =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await mesh.RegisterAsync($"w{writer}-{i}", ttl: 86_400);
                Interlocked.Increment(ref written);
            }
        }).ToList();
        for (var i = 0; i < 3; i++)
        {
            moment = Volatile.Read(ref written);
            var atLeast = mesh.Revision;
            var backup = await mesh.PostAsync("admin/backup");
            Assert.Equal(200, backup.Status);
            using var copy = await CopyAsync(backup);
            var loaded = Projection.Reloaded(copy.Store);
            Assert.Equal(backup.Headers["X-Mesh-Revision"], loaded.Revision.ToString());
            Assert.InRange(loaded.Revision, atLeast + 1, mesh.Revision); // and what had been answered before is in it
            Assert.Equal(Projection.OfMemory(loaded), Projection.OfMemory(Projection.Replayed(copy.Store).State));
        }

        Assert.True(Volatile.Read(ref written) > moment, "nobody could write meanwhile");
        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Backup_HoldsNoSecret()
    {
        await using var mesh = await MeshHost.StartAsync();
        var secrets = new List<string> { mesh.RootKey };
        var minted = (await mesh.PostAsync("keys", """{"refresh":true}""", idempotencyKey: "once")).Json;
        secrets.Add(minted["token"]!.GetValue<string>());
        secrets.Add(minted["refresh_token"]!.GetValue<string>());
        var backup = await mesh.PostAsync("admin/backup");
        Assert.All(
            secrets, secret => Assert.True(backup.Bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(secret.Split('_')[2])) < 0));
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Backup_OneAtATime_AndTheReaderWhoLeavesTakesItsFileAlong()
    {
        await using var mesh = await MeshHost.StartAsync();
        var note = new string('n', 1000);
        await FillAsync(mesh, 8);
        await Task.WhenAll(
            Enumerable.Range(0, 7990)
                .Select(i => mesh.PostAsync("steer", $$"""{"agent_id":"a{{i % 8}}","direction":"d","message":"{{note}}"}""")));
        using (var request = mesh.Request(HttpMethod.Post, "admin/backup"))
        using (var http = new HttpClient())
        {
            // Reads nothing of more than the sockets hold.
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(200, (int)response.StatusCode);
            (await mesh.PostAsync("admin/backup")).ShouldBeProblem(409, "store_in_use");
            (await mesh.PostAsync("admin/check")).ShouldBeProblem(409, "store_in_use");
            var file = Assert.Single(Directory.GetFiles(Path.Combine(mesh.Directory, "tmp")));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
                Assert.Equal(
                    UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                    File.GetUnixFileMode(Path.GetDirectoryName(file)!));
            }
        }

        await mesh.Service<StoreWork>().IdleAsync().WaitAsync(Eventually.Bound);
        Assert.Empty(Directory.GetFiles(Path.Combine(mesh.Directory, "tmp")));
        Assert.Equal(200, (await mesh.PostAsync("admin/check")).Status);
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Start_ClearsAwayWhatAKilledBackupLeft()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.StopAsync();
        var left = Directory.CreateDirectory(Path.Combine(mesh.Directory, "tmp")).FullName;
        await File.WriteAllTextAsync(Path.Combine(left, "x.db"), "half a copy");
        await mesh.RestartAsync();
        Assert.False(Directory.Exists(left));
        Assert.Equal(200, (await mesh.PostAsync("admin/backup")).Status);
    }

    /// <summary>What was written last stands in the log of SQLite, and is in the copy.</summary>
    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Copy_IsNoLargerThanWhatIsReckoned()
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 0; i < 50; i++)
        {
            await mesh.PostAsync("sessions", $$$"""{"meta":{"text":"{{{new string('x', 8000)}}}"}}""");
        }

        var directory = mesh.Service<DataDirectory>();
        Assert.True(new FileInfo(directory.Database + "-wal").Length > 0);
        var copy = await mesh.PostAsync("admin/backup");
        Assert.Equal(200, copy.Status);
        Assert.InRange(copy.Bytes.Length, new FileInfo(directory.Database).Length, directory.DatabaseBytes);
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Copy_ThatTheDiskHasNoRoomFor_IsRefusedBeforeItBegins()
    {
        await using var mesh = await MeshHost.StartAsync();
        var work = mesh.Service<StoreWork>();
        Assert.Null(work.CheckRoom(1));
        var refused = work.CheckRoom(long.MaxValue / 2)!;
        Assert.Equal((507, "disk_full"), (refused.HttpStatus(), refused.Code));
        Assert.Contains("free some", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAWholeStore_FindsNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await FillAsync(mesh, 2);
        (await mesh.PostAsync("admin/check")).ShouldBe(200, """
            {"ok":true,"findings":[],"revision":6,"oldest_revision":1,
             "counts":{"changes":6,"agents":2,"directives":2,"keys":1,"sessions":0,"receipts":0},"bytes":"*"}
            """);
        (await mesh.PostAsync("admin/check?x=1")).ShouldBeRefused(400, "invalid_request").ShouldBlame("?x");
        (await mesh.PostAsync("admin/check", idempotencyKey: new string('k', 256))).ShouldBeRefused(400, "invalid_request");
    }

    [Theory]
    [InlineData("DELETE FROM changes WHERE revision = 3", "the log has a gap: 1 of its revisions are missing")]
    [InlineData("UPDATE changes SET at = 1 WHERE revision = 4", "time goes back in the log, 1 times")]
    [InlineData("DELETE FROM changes WHERE revision > 3", "the tables are 2 revisions ahead of the log")]
    [InlineData("DELETE FROM agents WHERE number = 0", "1 directives wait for agents that are not there")]
    [InlineData("UPDATE agents SET id = 'a1'", "1 ids of agents are there twice")]
    [InlineData("UPDATE agents SET parent = 7 WHERE number = 1", "1 agents have a parent that is not there")]
    [InlineData("UPDATE directives SET agent = 7 WHERE revision = 3", "1 directives wait for agents that are not there")]
    [InlineData("UPDATE directives SET seq = 2, previous = 3 WHERE revision = 5", "1 directives do not follow the one that they say")]
    [InlineData("UPDATE directives SET agent = 0, seq = 3 WHERE revision = 5", "the directives of 1 agents have a gap")]
    [InlineData("UPDATE agents SET number = -1 WHERE number = 1", "1 agents have no number")]
    [InlineData("UPDATE mesh SET forgotten_incarnation = 1; UPDATE directives SET agent = 7 WHERE revision = 3",
        "1 directives wait for agents that are not there")]
    [InlineData("UPDATE mesh SET forgotten_incarnation = 1; UPDATE agents SET parent = 7 WHERE number = 1",
        "1 agents have a parent that is not there")]
    [InlineData("UPDATE directives SET message_at = 99 WHERE revision = 3", "1 directives name a message that is not there")]
    [InlineData("DELETE FROM mesh", "the one row about the mesh is not there, or not alone")]
    [InlineData("UPDATE mesh SET epoch = 0", "the row about the mesh has an epoch or an incarnation that no mesh has")]
    public async Task Check_OfAStoreThatIsNotWhole_SaysWhatIsWrong(string damage, string finding)
    {
        await using var mesh = await MeshHost.StartAsync();
        await FillAsync(mesh, 2);
        await using (var db = mesh.OpenStore())
        {
            await db.Database.ExecuteSqlRawAsync(damage);
        }

        Assert.Contains(finding, mesh.Findings());
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Check_OfAStoreWithATrigger_SaysSo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RunSqlAsync($"CREATE TRIGGER t AFTER INSERT ON changes BEGIN DELETE FROM keys; END");
        Assert.Contains("it has 1 triggers or views, which no version of this server makes", mesh.Findings());
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Check_OfADamagedFile_SaysSo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await FillAsync(mesh, 200);
        var backup = (await mesh.PostAsync("admin/backup")).Bytes;
        var path = Path.Combine(mesh.Directory, "damaged");
        Random.Shared.NextBytes(backup.AsSpan(backup.Length / 2, 8192));
        await File.WriteAllBytesAsync(path, backup);
        var (facts, _) = Storage.StoreSwap.Inspect(path, null, null);
        Assert.Contains(facts.Findings, finding => finding.Contains("damaged", StringComparison.Ordinal));
    }

    /// <summary>So many agents with a directive each.</summary>
    internal static async Task FillAsync(MeshHost mesh, int agents)
    {
        for (var i = 0; i < agents; i++)
        {
            await mesh.RegisterAsync($"a{i}", ttl: 86_400);
            await mesh.PostAsync("steer", $$"""{"agent_id":"a{{i}}","direction":"north"}""");
        }
    }

    internal static async Task<Copy> CopyAsync(Reply backup)
    {
        var directory = Directory.CreateTempSubdirectory("mesh-copy-").FullName;
        await File.WriteAllBytesAsync(Path.Combine(directory, "mesh.db"), backup.Bytes);
        return new Copy(directory, SqliteStore.Open(Path.Combine(directory, "mesh.db")));
    }

    internal sealed record Copy(string Directory, SqliteStore Store) : IDisposable
    {
        public void Dispose()
        {
            Store.Dispose();
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }
}
