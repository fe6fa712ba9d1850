using System.Globalization;
using Microsoft.EntityFrameworkCore;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>One directive of a long history is found without walking the history.</summary>
public sealed class LongHistoryTests
{
    private const int Length = 300;

    [Fact]
    public async Task Directive_OfALongHistory_IsFoundByItsNumber_WhicheverItIs()
    {
        await using var mesh = await SteeredAsync();
        var history = mesh.Service<DirectiveReader>();
        foreach (var (agent, revisions) in new[] { (0, await RevisionsAsync(mesh, 0)), (1, await RevisionsAsync(mesh, 1)) })
        {
            for (var seq = 1; seq <= Length; seq++)
            {
                var found = await history.FindAsync(mesh.State.AgentAt(agent)!, seq);
                Assert.Equal((seq, agent, revisions[seq - 1]), ((int)found!.Seq, found.Agent, found.Revision));
            }

            Assert.Null(await history.FindAsync(mesh.State.AgentAt(agent)!, 0));
            Assert.Null(await history.FindAsync(mesh.State.AgentAt(agent)!, Length + 1));
        }
    }

    /// <summary>
    /// A walk from the newest directive back took a look-up for each: 4.6 s for 20,000, on a thread of the pool that answers everybody.
    /// </summary>
    [Fact]
    public async Task Ack_OfADirectiveThatEndedLongAgo_LooksAtNothingNewerThanTheNextMark()
    {
        await using var mesh = await SteeredAsync();
        await mesh.PostAsync("agents/a/directives/70/ack", """{"state":"acknowledged"}""");
        var first = await mesh.PostAsync("agents/a/directives/70/ack", """{"state":"acknowledged"}""");
        // Whoever comes from there finds no way.
        await mesh.RunSqlAsync($"UPDATE directives SET previous = 0 WHERE seq > 128");
        var again = await mesh.PostAsync("agents/a/directives/70/ack", """{"state":"acknowledged"}""");
        Assert.Equal((200, first.Text), (again.Status, again.Text));
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Mark_IsFoundByItsIndex()
    {
        await using var mesh = await MeshHost.StartAsync();
        const string Mark =
            "SELECT * FROM directives WHERE agent = 0 AND seq = 128 AND seq % 64 = 0 AND revision <= 9 ORDER BY revision DESC LIMIT 1";
        Assert.Contains("IX_directives_marks", await mesh.Engine.UpkeepAsync(() => Plan(mesh, Mark)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ack_OfADirectiveThatIsKeptNoLonger_Is404_AndNotAFault()
    {
        await using var mesh = await SteeredAsync();
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        await mesh.RunSqlAsync($"DELETE FROM directives WHERE agent = 0 AND seq < 100");
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}"""))
            .ShouldBeProblemWithoutId(404, "directive_not_found");
    }

    [Fact]
    public async Task History_PageByPage_IsTheWholeChain()
    {
        await using var mesh = await SteeredAsync();
        var (seqs, cursor) = (new List<int>(), "");
        do
        {
            var page = (await mesh.GetAsync($"agents/b/directives/history?limit=77{cursor}")).Json;
            seqs.AddRange(page["directives"]!.AsArray().Select(d => d!["seq"]!.GetValue<int>()));
            cursor = page["next_cursor"]?.GetValue<string>() is { } next ? "&cursor=" + next : null;
        }
        while (cursor is not null);
        Assert.Equal(Enumerable.Range(1, Length).Reverse(), seqs);
    }

    /// <summary>Two agents with histories of <see cref="Length"/>, in turn.</summary>
    private static async Task<MeshHost> SteeredAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 3600);
        await mesh.RegisterAsync("b", ttl: 3600);
        var message = new Message { Verb = Verb.Steer, Direction = "north", Ttl = 3600 };
        var told = Enumerable.Range(0, 2 * Length).Select(i => mesh.Engine.ExecuteAsync(
            new SteerAgent { Actor = Actors.Mesh, AgentId = i % 2 == 0 ? "a" : "b", Message = message }, Origin.Mesh));
        Assert.All(await Task.WhenAll(told), outcome => Assert.True(outcome.Succeeded));
        return mesh;
    }

    private static async Task<List<long>> RevisionsAsync(MeshHost mesh, int agent)
    {
        await using var db = mesh.Service<MeshStore>().OpenReader();
        return await db.Directives.Where(d => d.Agent == agent).Select(d => d.Revision).Order().ToListAsync();
    }

#pragma warning disable CA2100 // The text of this file.
    private static string Plan(MeshHost mesh, string sql)
    {
        using var command = mesh.Service<SqliteStore>().Connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        using var rows = command.ExecuteReader();
        Assert.True(rows.Read());
        return Convert.ToString(rows.GetValue(3), CultureInfo.InvariantCulture)!;
    }
#pragma warning restore CA2100
}
