using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Loading;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Store;

/// <summary>What a start reads instead of the history of directives.</summary>
public sealed class HeadTests
{
    [Fact]
    public async Task Start_FindsInboxes_FromHeadsWithoutTheHistoryBeforeThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 600);
        await mesh.RegisterAsync("b", ttl: 600);
        for (var n = 1; n <= 5; n++)
        {
            await mesh.PostAsync("steer", """{"agent_id":"a","direction":"n"}""");
            await mesh.PostAsync($"agents/a/directives/{n}/ack", """{"state":"acknowledged"}""");
        }

        await mesh.PostAsync("steer", """{"agent_id":"b","direction":"held"}""");
        var headsAt = mesh.Revision;
        var newest = mesh.State.Find("a")!.Inbox.LastRevision;
        await mesh.StopAsync();

        // As a pass leaves it; and the history before the heads is made unreadable for whoever looks at it.
        await mesh.RunSqlAsync($"INSERT INTO heads (agent, seq, revision) VALUES (0, 5, {newest}), (1, 1, {headsAt})");
        await mesh.RunSqlAsync($"UPDATE mesh SET heads_at = {headsAt}");
        await mesh.RunSqlAsync($"UPDATE directives SET seq = 999 WHERE agent = 0");
        await mesh.RestartAsync();
        var (a, b) = (mesh.State.Find("a")!.Inbox, mesh.State.Find("b")!.Inbox);
        Assert.Equal((5, newest, 0), (a.LastSeq, a.LastRevision, a.Pending.Length));
        Assert.Equal((1, headsAt, "held"), (b.LastSeq, b.LastRevision, b.Pending.Single().Direction));
        Assert.Equal(6, (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"n"}""")).Json["seq"]!.GetValue<int>());
        await mesh.RestartAsync(); // what came after the heads is found too
        Assert.Equal(6, mesh.State.Find("a")!.Inbox.LastSeq);
    }

    [Fact]
    public async Task Pass_WritesTheHeadsOfWhoWasToldSomething_BesideTheCommits_AndAReloadAgrees()
    {
        using var rig = new EngineRig(headsEvery: 500);
        for (var n = 0; n < 200; n++)
        {
            var register = new RegisterAgent { Actor = Actors.Mesh, AgentId = $"a{n}", Profile = new Profile() };
            await rig.Engine.ExecuteAsync(register, Origin.Mesh);
        }

        for (var n = 0; n < 1100; n++)
        {
            var message = new Message { Verb = Verb.Steer, Direction = "d", Ttl = 600 };
            await rig.Engine.ExecuteAsync(new SteerAgent { Actor = Actors.Mesh, AgentId = $"a{n % 150}", Message = message }, Origin.Mesh);
        }

        using var db = rig.Store.OpenReader();
        var headsAt = (await db.Mesh.SingleAsync()).HeadsAt;
        Assert.InRange(headsAt!.Value, 1100, rig.State.Revision - 50);
        var heads = await db.Heads.ToListAsync();
        Assert.Equal(Enumerable.Range(0, 150), heads.Select(h => h.Agent));
        foreach (var head in heads)
        {
            var upTo = await db.Directives.Where(d => d.Agent == head.Agent && d.Revision <= headsAt).MaxAsync(d => d.Revision);
            Assert.True(head.Revision >= upTo, $"the head of {head.Agent} is {head.Revision}, and the newest by then was {upTo}");
        }

        Assert.Equal(Projection.OfMemory(rig.State), Projection.OfMemory(Projection.Reloaded(rig.Store)));
    }

    [Fact]
    public void Start_ReadsWhatIsPendingByItsIndex_AndNoTable()
    {
        var directory = Directory.CreateTempSubdirectory("mesh-heads-").FullName;
        using (var store = SqliteStore.Open(Path.Combine(directory, "mesh.db")))
        {
            using var command = store.Context.Database.GetDbConnection().CreateCommand();
            command.CommandText = "EXPLAIN QUERY PLAN SELECT * FROM directives "
                + $"INDEXED BY {MeshDbContext.PendingIndex} WHERE {MeshDbContext.PendingFilter}";
            using var plan = command.ExecuteReader();
            Assert.True(plan.Read());
            Assert.Contains(MeshDbContext.PendingIndex, plan.GetString(3), StringComparison.Ordinal);
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Agents_AreReadByTheirColumnsAsTheModelReadsThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"user\":\"u\",\"labels\":{\"k\":\"v\"},\"specializations\":[\"s\"]");
        await mesh.RegisterAsync("b", more: ",\"parent_id\":\"a\"");
        await mesh.DeleteAsync("agents/b?force=true&reason=r");
        await mesh.StopAsync();
        using var store = SqliteStore.Open(mesh.Database);
        var connection = (Microsoft.Data.Sqlite.SqliteConnection)store.Context.Database.GetDbConnection();
        var modelled = store.Context.Agents.AsNoTracking().OrderBy(a => a.Number).AsEnumerable();
        var read = AgentLoader.Read(connection).Select(row => JsonSerializer.Serialize(row)).ToList();
        Assert.Equal(modelled.Select(row => JsonSerializer.Serialize(row)), read);
        Assert.Equal(2, read.Count);
    }
}
