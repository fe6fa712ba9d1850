using Npgsql;
using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// A server of a later version, whose log has a kind of change more, beside one of this. Where that kind may be written, each note of an
/// operation of the administrator is followed by one.
/// </summary>
[Collection(NodesCollection.Name)]
public sealed class UpgradeTests(ITestOutputHelper output)
{
    private const string NewKind = "admin.noted";

    [Fact]
    public async Task NextVersion_BesideThisOne_WritesWhatBothKnow_AndMoreOnceTheLastOfThisHasLeft()
    {
        await using var cluster = await StartAsync();
        var (old, next) = (cluster[0], cluster[1]);
        await using (var load = new Load(cluster, NodeSoak.Seed))
        {
            load.Start();
            await load.AnsweredAsync(NodeSoak.Times(300, 5000));
            foreach (var node in cluster.Nodes)
            {
                await NoteAsync(node);
            }

            await load.StopAsync();
            await ClusterCheck.AfterAsync(cluster, load);
            output.WriteLine(load.ToString());
        }

        Assert.Equal((0, 1), await LogAsync(cluster));

        await old.StopAsync();
        await Eventually.True(
            async () =>
            {
                await NoteAsync(next);
                return (await LogAsync(cluster)).New > 0;
            },
            () => "the node of the next version writes what it alone knows");
        Assert.Equal(2, (await LogAsync(cluster)).Level);
        await RefusedAsync(old);
        await NoteAsync(next);

        // Upgraded, it comes back; and an upgraded mesh may be started anew as a whole.
        old.Server.Assembly = next.Server.Assembly;
        await old.StartAsync();
        await NoteAsync(old);
        await cluster.DigestsAreEqualAsync();
        await old.StopAsync();
        await next.StopAsync();
        await next.StartAsync();
        await NoteAsync(next);
    }

    [Fact]
    public async Task NextVersion_ThatWroteNothingNew_MayBeTakenBack()
    {
        await using var cluster = await StartAsync();
        var (old, next) = (cluster[0], cluster[1]);
        await NoteAsync(next);
        await SteerAsync(next, register: true);

        // The next version was alone for a while.
        await old.StopAsync();
        await next.KillAsync();
        await next.StartAsync();
        await SteerAsync(next, register: false);
        await next.StopAsync();
        Assert.Equal((0, 1), await LogAsync(cluster));

        await old.StartAsync();
        await SteerAsync(old, register: false);
        await NoteAsync(old);
        next.Server.Assembly = old.Server.Assembly;
        await next.StartAsync();
        await SteerAsync(next, register: false);
        await cluster.DigestsAreEqualAsync();
    }

    /// <summary>A node of this version, and one of the next.</summary>
    private static Task<Cluster> StartAsync() =>
        Cluster.StartAsync(nodes: 2, prepare: cluster => cluster[1].Server.Assembly = NextVersion.Make(cluster.Scratch));

    private static async Task NoteAsync(Node node)
    {
        var check = await node.Http.PostAsync("admin/check");
        Assert.True(check.IsDone && check.Json.GetProperty("ok").GetBoolean(), check.ToString());
    }

    private static async Task SteerAsync(Node node, bool register)
    {
        if (register)
        {
            Assert.Equal(201, (await node.Http.PostAsync("agents", """{"agent_id":"a","ttl":3600}""")).Status);
        }

        var steer = await node.Http.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
        Assert.True(steer.IsDone, steer.ToString());
        var ack = await node.Http.PostAsync($"agents/a/directives/{steer.Number("seq")}/ack", """{"state":"acknowledged"}""");
        Assert.True(ack.IsDone, ack.ToString());
    }

    private static async Task RefusedAsync(Node node)
    {
        using var start = node.Server.Launch(node.Server.Options);
        var ended = await start.EndAsync();
        Assert.Equal(1, ended.Code);
        Assert.Contains(
            "This mesh has changes of a newer version (level 2, and this one knows 1). Start that version.", ended.ToString(),
            StringComparison.Ordinal);
    }

    /// <summary>How many changes this version does not know, and the level that the log says it has.</summary>
    private static async Task<(long New, int Level)> LogAsync(Cluster cluster)
    {
        await using var connection = await cluster.Database.ConnectAsync();
        await using var ask = new NpgsqlCommand(
            "SELECT (SELECT count(*) FROM session_mesh.changes WHERE kind = $1), log_level FROM session_mesh.mesh_head", connection)
        {
            Parameters = { new() { Value = NewKind } },
        };
        await using var rows = await ask.ExecuteReaderAsync();
        Assert.True(await rows.ReadAsync());
        return (rows.GetInt64(0), rows.GetInt32(1));
    }
}
