using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Nodes;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>What a node does that has lost the others, or what it had in common with them.</summary>
public sealed class NodeFaultTests
{
    /// <summary>Three nodes that start at once on an empty database mint one root key, and one of them has its file.</summary>
    [Fact]
    public async Task FirstStarts_AtOnce_MintOneRootKey()
    {
        await using var first = await MeshHost.StartRacingAsync("one", "two", "three");
        var minted = await first[0].ChangesAsync(0);
        Assert.Equal(["key.minted"], minted.ConvertAll(change => change.Name));
        var files = first.Nodes.Where(node => File.Exists(node.Service<DataDirectory>().RootKeyFile)).ToList();
        var holder = Assert.Single(files);
        Assert.All(first.Nodes, node => Assert.Empty(Directory.GetFiles(node.Directory, "root.key*.new")));
        foreach (var node in first.Nodes)
        {
            (await node.GetAsync("alive", holder.RootKey)).ShouldBeOk();
        }
    }

    /// <summary>A database that is away for more than five seconds: streams end, and nothing is answered until it is back.</summary>
    [Fact]
    public async Task Node_WithoutItsDatabase_EndsItsStreams_AndAnswersNothing_UntilItIsBack()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var one = await MeshHost.StartNodeAsync("one", server, LogLevel.None);
        await one.RegisterAsync("a");
        await using var stream = await one.ListenAsync("agents/a/directives");
        await server.PauseAsync();
        var end = await stream.NextAsync();
        while (end.Name == ":")
        {
            end = await stream.NextAsync();
        }

        Assert.Equal("goaway", end.Name);
        (await one.GetAsync("agents/a")).ShouldBeRefused(503, "busy");
        Assert.Equal(503, (await one.GetAsync("~/readyz", "")).Status);
        Assert.Equal(200, (await one.GetAsync("~/livez", "")).Status);
        await server.ResumeAsync();
        await Eventually.True(async () => (await one.GetAsync("~/readyz", "")).Status == 200, () => "it is ready again");
        (await one.GetAsync("agents/a")).ShouldBeOk();
    }

    /// <summary>As after a failover that lost commits: the node asks for a new start, in the next epoch, and says nothing else.</summary>
    [Fact]
    public async Task Node_WhoseLogHasLostWhatItSaw_BeginsTheNextEpoch_AndStartsAnew()
    {
        await using var one = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        await one.RegisterAsync("a");
        await using (var connection = await one.OnPostgres.ConnectAsync())
        {
            await using var lose = new NpgsqlCommand(
                """
                UPDATE session_mesh.mesh_batches SET stamp = gen_random_uuid()
                WHERE last = (SELECT max(last) FROM session_mesh.mesh_batches);
                UPDATE session_mesh.mesh_head SET stamp = (SELECT stamp FROM session_mesh.mesh_batches ORDER BY last DESC LIMIT 1)
                """,
                connection);
            await lose.ExecuteNonQueryAsync();
        }

        await Eventually.True(() => one.Service<Restart>().IsAsked, () => "it asks for a new start");
        await one.RestartAsync();
        Assert.Equal(2, one.State.Epoch);
        (await one.PostAsync("agents/a/heartbeat", """{"epoch":1}""")).ShouldBeRefused(409, "restored");
    }

    /// <summary>It notices between its look at the log and its start: that start succeeds, and ends at once.</summary>
    [Fact]
    public async Task Node_ThatLoadedAnEpochThatEnded_Starts_AndStartsAnew()
    {
        await using var one = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        await one.OnPostgres.Server.RunAsync(
            """
            SET search_path = session_mesh;
            CREATE FUNCTION end_epoch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN
                UPDATE session_mesh.mesh SET epoch = 2;
                RETURN NULL;
            END';
            CREATE TRIGGER end_epoch AFTER INSERT ON mesh_nodes EXECUTE FUNCTION end_epoch();
            """,
            one.OnPostgres.Name);
        try
        {
            await using var two = await one.StartBesideAsync("two");
            Assert.True(two.Service<Restart>().IsAsked);
            Assert.True(two.Service<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
            await two.RestartAsync();
            Assert.Equal(2, two.State.Epoch);
            Assert.False(two.Service<Restart>().IsAsked);
        }
        finally
        {
            await one.OnPostgres.Server.RunAsync("DROP FUNCTION session_mesh.end_epoch CASCADE", one.OnPostgres.Name);
        }
    }

    /// <summary>As after a failover that lost its start. On a mesh where nothing else happens.</summary>
    [Fact]
    public async Task Node_WhoseStartWasLost_StartsAnew()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await one.OnPostgres.Server.RunAsync("DELETE FROM session_mesh.mesh_nodes", one.OnPostgres.Name);
        await Eventually.True(() => one.Service<Restart>().IsAsked, () => "it asks for a new start");
        Assert.DoesNotContain(one.Log.Lines, IsReplaced);
        await one.RestartAsync();
        Assert.Equal(200, (await one.GetAsync("~/readyz", "")).Status);
        await one.RegisterAsync("a");
    }

    /// <summary>It says so once, and answers nothing while that one lives. Then it starts anew.</summary>
    [Fact]
    public async Task Node_WhoseNameALivingProcessHas_AnswersNothing_UntilThatIsGone()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await PulseAsync("owner = '00000000-0000-0000-0000-000000000001', ");
        await Eventually.True(
            async () =>
            {
                await PulseAsync();
                return one.Log.Lines.Any(IsReplaced);
            },
            () => "its log says so");
        Assert.Equal(503, (await one.GetAsync("~/readyz", "")).Status);
        Assert.False(one.Service<Restart>().IsAsked);
        await Eventually.True(() => one.Service<Restart>().IsAsked, () => "it asks for a new start");
        Assert.Single(one.Log.Lines, IsReplaced);

        Task<object?> PulseAsync(string more = "") => one.OnPostgres.Server.RunAsync(
            $"UPDATE session_mesh.mesh_nodes SET {more}seen = clock_timestamp()", one.OnPostgres.Name);
    }

    private static bool IsReplaced(string line) => line.Contains("answers nothing any more. Give each", StringComparison.Ordinal);

    /// <summary>What asked for a new start is still heard, and whoever stopped the process sees it end well.</summary>
    [Fact]
    public async Task Shutdown_WhoseTimeIsUsedUp_Ends()
    {
        await using var one = await MeshHost.StartNodeAsync("one");
        await one.Service<IHost>().StopAsync(new CancellationToken(canceled: true));
    }

    /// <summary>A change that only a newer version knows is met by a clear state: not ready, and no other answer.</summary>
    [Fact]
    public async Task Node_ThatMeetsAChangeOfANewerVersion_IsNotReady_AndANewOneIsRefused()
    {
        await using var one = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        await using (var connection = await one.OnPostgres.ConnectAsync())
        {
            await using var write = new NpgsqlCommand(
                """
                SET search_path = session_mesh;
                UPDATE mesh_head SET log_level = 2, revision = revision + 1, stamp = gen_random_uuid();
                INSERT INTO changes (revision, at, actor, kind, subject, payload)
                SELECT revision, 1, 'mesh', 'mesh.dreamt', 'a', '{}' FROM mesh_head;
                INSERT INTO mesh_batches SELECT revision, revision, stamp,
                    (SELECT stamp FROM mesh_batches ORDER BY last DESC LIMIT 1), 'two', 1 FROM mesh_head;
                SELECT pg_notify(mesh_channel(), 'two')
                """,
                connection);
            await write.ExecuteNonQueryAsync();
        }

        await Eventually.True(async () => (await one.GetAsync("~/readyz", "")).Status == 503, () => "it is not ready");
        (await one.GetAsync("alive")).ShouldBeRefused(503, "busy");
        Assert.Equal(200, (await one.GetAsync("~/livez", "")).Status);
        var refused = await Assert.ThrowsAsync<StartupException>(() => one.StartBesideAsync("two"));
        Assert.Equal("This mesh has changes of a newer version (level 2, and this one knows 1). Start that version.", refused.Message);

        // It has the office of the judge no more, and does not take it again.
        await HasLeftAsync();
        await one.Service<IEnumerable<IHostedService>>().OfType<NodePulse>().Single().BeatAsync(CancellationToken.None);
        await HasLeftAsync();
        Assert.False(one.Engine.IsJudge);

        Task HasLeftAsync() => Eventually.True(
            async () => true.Equals(await one.OnPostgres.Server.RunAsync(
                "SELECT seen IS NULL AND judge_until IS NULL FROM session_mesh.mesh_nodes, session_mesh.mesh_head",
                one.OnPostgres.Name)),
            () => "it has said goodbye");
    }

    /// <summary>A judge whose memory is behind the log for more than five seconds answers nothing, and another judges meanwhile.</summary>
    [Fact]
    public async Task Judge_ThatIsBehindForLong_IsFollowedByTheOther_AndDoesNotTakeTheOfficeBack()
    {
        await using var one = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        await using var two = await one.StartBesideAsync("two");
        Assert.True(one.Engine.IsJudge);
        one.Service<PostgresStore>().Nodes.Contact.Stands(one.Revision + 3, one.Revision);
        await Eventually.True(() => two.Engine.IsJudge, () => "the other node judges");
        Assert.False(one.Engine.IsJudge);
        (await one.GetAsync("alive")).ShouldBeRefused(503, "busy");

        for (var i = 0; i < 3; i++)
        {
            await two.RegisterAsync($"a{i}");
        }

        await Eventually.True(async () => (await one.GetAsync("~/readyz", "")).Status == 200, () => "it is ready again");
        Assert.True(two.Engine.IsJudge);
        Assert.False(one.Engine.IsJudge);
    }

    /// <summary>A commit that takes long holds the row with the office of the judge; its own node's pulse does not wait for it.</summary>
    [Fact]
    public async Task Pulses_DoNotWaitForACommitUnderWay_AndTheOfficeIsRenewedAfterIt()
    {
        await using var one = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        var nodes = one.Service<PostgresStore>().Nodes;
        var epoch = nodes.JudgeEpoch;
        await using var connection = await one.OnPostgres.ConnectAsync();
        await using var commit = await connection.BeginTransactionAsync();
        await using var hold = new NpgsqlCommand("SELECT FROM session_mesh.mesh_head FOR UPDATE", connection, commit);
        await hold.ExecuteNonQueryAsync();

        // The term runs out meanwhile: no pulse can renew it, and each says that the node lives.
        var later = await SeenAsync();
        for (var i = 0; i < 20; i++)
        {
            var before = later;
            await Eventually.True(async () => (later = await SeenAsync()) > before, () => "it pulses");
        }

        Assert.True(one.Engine.IsJudge);
        await commit.RollbackAsync();
        await Eventually.True(
            async () => true.Equals(await one.OnPostgres.Server.RunAsync(
                "SELECT judge_until > clock_timestamp() FROM session_mesh.mesh_head", one.OnPostgres.Name)),
            () => "it has renewed the office");
        Assert.Equal(epoch, nodes.JudgeEpoch);

        async Task<DateTime> SeenAsync() =>
            (DateTime)(await one.OnPostgres.Server.RunAsync("SELECT seen FROM session_mesh.mesh_nodes", one.OnPostgres.Name))!;
    }

    /// <summary>What others heard waits until memory is where they were, and no more of it than there is room for.</summary>
    [Fact]
    public async Task Heartbeats_OfNodesThatAreAhead_WaitInBoundedRoom()
    {
        await using var mesh = await MeshHost.StartAsync();
        await using var source = NpgsqlDataSource.Create("Host=localhost");
        var relay = new BeatRelay(
            mesh.Engine, mesh.Service<MeshClock>(), new NodeTable(source, "one", alone: false), NullLogger<BeatRelay>.Instance);
        var (other, seq) = (new Guid(1, 2, 3, new byte[8]), 0);
        while (relay.Room > 0)
        {
            relay.Take([], [Row(mesh.Revision + 1)]);
        }

        Assert.Equal(256, seq);
        await mesh.RegisterAsync("a");
        relay.Take([], []);
        Assert.Equal(256, relay.Room);

        BeatsRow Row(long revision) => new(other, ++seq, 0, BeatCodec.Write(revision, [], mesh.Engine.Now));
    }
}
