using Microsoft.Data.Sqlite;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Support;
using SQLitePCL;

namespace SessionMesh.Server.Tests.Hosting;

/// <summary>More than the server, or its disk, can take.</summary>
public sealed class OverloadTests
{
    [Fact]
    [Trait("Store", "SQLite")]
    public async Task FullDisk_Is507ForWhatWouldWrite_AndTheRestGoesOn()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 30);
        Limit(mesh, 1);
        var message = new string('x', 16_000);
        Reply reply;
        long revision;
        do
        {
            revision = mesh.Revision;
            reply = await mesh.PostAsync("steer", $$"""{"agent_id":"a","direction":"d","message":"{{message}}"}""");
        }
        while (reply.Status == 200);

        reply.ShouldBeProblem(507, "disk_full");
        Assert.Equal(revision, mesh.Revision);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat")).Status);
        Limit(mesh, 1_000_000);
        Assert.Equal(200, (await mesh.PostAsync("steer", $$"""{"agent_id":"a","direction":"d","message":"{{message}}"}""")).Status);
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task StoreThatCannotBeWritten_Is503_AndWhatCameDueMeanwhileIsDoneAfterwards()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 30);
        await using (var other = new SqliteConnection($"Data Source={mesh.Database};Pooling=False"))
        {
            await other.OpenAsync();
            await using var held = other.BeginTransaction(); // holds the write lock until it is rolled back
            var refused = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"d"}""");
            refused.ShouldBeProblem(503, "commit_failed", ",\"retry_after\":1");
            await mesh.AdvanceAsync(35);
            Assert.Equal("alive", await mesh.StatusAsync("a")); // its lapse cannot be written down, and has not happened
            Assert.Equal(2, mesh.Revision);
        }

        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
        Assert.Equal(1, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"d"}""")).Json["seq"]!.GetValue<long>());
    }

    [Fact]
    public async Task FullQueue_Is503WithWhenToTryAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using (await HeldEngine.HoldAsync(mesh))
        {
            for (var i = 0; i < MeshEngine.QueueCapacity; i++)
            {
                mesh.Engine.Post(new Nothing { Actor = Actors.Mesh });
            }

            var busy = await mesh.PostAsync("steer", """{"agent_id":"a","direction":"d"}""");
            busy.ShouldBeProblem(503, "busy", ",\"retry_after\":1");
            Assert.Equal("1", busy.Headers["Retry-After"]);
            Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat")).Status); // a sign of life waits for nobody
            Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        }

        await mesh.SettleAsync();
        Assert.Equal(200, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"d"}""")).Status);
    }

    /// <summary>Bounds the database file in pages; less than it has is what it has.</summary>
    private static void Limit(MeshHost mesh, int pages) =>
        raw.sqlite3_exec(mesh.Service<SqliteStore>().Handle, $"PRAGMA max_page_count={pages}");

    private sealed record Nothing : Command<bool>
    {
        public override Outcome<bool> Decide(MeshDraft draft) => true;
    }
}
