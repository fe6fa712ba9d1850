using Npgsql;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>What may be written beside nodes of another version, and who may begin. The end-to-end tests run two versions.</summary>
public sealed class LevelTests
{
    [Fact]
    public async Task Level_IsWhatEveryNodeThatLivesKnows()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        var nodes = one.Service<PostgresStore>().Nodes;
        Assert.Equal(1, nodes.Level);
        nodes.Agree([Node("one", 1), Node("older", 0)]);
        Assert.Equal(0, nodes.Level);
        nodes.Agree([Node("one", 1), Node("older", 0, silent: NodeTable.Silence), Node("newer", 2)]);
        Assert.Equal(1, nodes.Level);

        static NodeRecord Node(string id, int level, TimeSpan silent = default) => new(id, Guid.Empty, "", level, 0, 0, 0, false, silent);
    }

    [Fact]
    public async Task LevelOfTheLog_IsRaisedOnlyWhereEveryNodeKnowsIt_AndKeepsOthersAway()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        var (store, nodes) = (one.Service<PostgresStore>(), one.Service<PostgresStore>().Nodes);
        await using var connection = await store.Source.OpenConnectionAsync();
        await using (var two = await one.StartBesideAsync("two"))
        {
            await RunAsync("UPDATE mesh_nodes SET log_level = 2 WHERE id = 'one'");
            Assert.False(nodes.TryRaise(connection, 2));
        }

        Assert.True(nodes.TryRaise(connection, 2));
        var refused = await Assert.ThrowsAsync<StartupException>(() => one.StartBesideAsync("two"));
        Assert.Equal("This mesh has changes of a newer version (level 2, and this one knows 1). Start that version.", refused.Message);

        // One that was silent for long, and comes back, does not lower it.
        await RunAsync("UPDATE mesh_nodes SET seen = clock_timestamp() WHERE id = 'two'");
        Assert.True(nodes.TryRaise(connection, 2));
        Assert.False(nodes.TryRaise(connection, 3));

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>It passes the first look, and finds the level raised when it begins.</summary>
    [Fact]
    public async Task Node_ThatLoadedBeforeTheLevelWasRaised_DoesNotBegin()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        var store = one.Service<PostgresStore>();
        var late = new NodeTable(store.Source, "late", alone: false);
        late.CheckLevel();
        await using var connection = await store.Source.OpenConnectionAsync();
        await using (var raise = new NpgsqlCommand("UPDATE mesh_nodes SET log_level = 2", connection))
        {
            await raise.ExecuteNonQueryAsync();
        }

        Assert.True(store.Nodes.TryRaise(connection, 2));
        var refused = Assert.Throws<StartupException>(late.Begin);
        Assert.Equal("This mesh has changes of a newer version (level 2, and this one knows 1). Start that version.", refused.Message);
    }
}
