using System.Globalization;
using Microsoft.Extensions.Logging;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>
/// Random commands on two nodes at once, over a PostgreSQL whose backends are killed now and then: afterwards the memory of both, the
/// tables and the replayed log are equal. The choices of a failing seed replay with <c>SESSION_MESH_SEED</c>; how they fall between the
/// nodes does not.
/// </summary>
public sealed class NodesPropertyTests
{
    private const int Steps = 60;

    public static TheoryData<int> Seeds() =>
        Environment.GetEnvironmentVariable("SESSION_MESH_SEED") is { } given
            ? [int.Parse(given, CultureInfo.InvariantCulture)]
            : [1, Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task RandomCommands_OnTwoNodes_LeaveMemoriesTablesAndLogEqual(int seed)
    {
        await using var server = await PostgresServer.StartNewAsync(fsync: true);
        await using var one = await MeshHost.StartNodeAsync("one", server);
        await using var two = await one.StartBesideAsync("two");
        var random = new Random(seed);
        (MeshHost Node, RandomCommands Commands)[] nodes =
        [
            (one, new RandomCommands(new Random(seed + 1), one.Engine)),
            (two, new RandomCommands(new Random(seed + 2), two.Engine)),
        ];
        for (var step = 0; step < Steps; step++)
        {
            var batch = nodes.SelectMany(node => Enumerable.Range(0, random.Next(1, 20)).Select(_ => node.Commands.Next())).ToList();
            if (random.Next(6) == 0 && await server.BackendsAsync(one.OnPostgres.Name) is { Length: > 0 } backends)
            {
                await server.SignalBackendAsync(backends[random.Next(backends.Length)]);
            }

            var codes = await Task.WhenAll(batch);
            Assert.DoesNotContain("internal", codes);
        }

        Array.ForEach(nodes, node => node.Node.Service<LeaseKeeper>().Dispose()); // time brings about nothing more
        await LevelAsync(two);
        await LevelAsync(one);
        await LevelAsync(two);
        Assert.Equal(one.Revision, two.Revision);
        var memory = Projection.OfMemory(one.State);
        Assert.Equal(memory, Projection.OfMemory(two.State));
        var store = one.Service<MeshStore>();
        var reloaded = Projection.Reloaded(store);
        Assert.Equal(memory, Projection.OfMemory(reloaded));
        var (replayed, directives, keys) = Projection.Replayed(store);
        Assert.Equal(memory, Projection.OfMemory(replayed));
        Assert.Equal(Projection.OfTables(store), Projection.OfReplay(directives, keys));
        var digest = one.State.Snapshot().Digest();
        Assert.Equal(
            (digest, digest, digest), (two.State.Snapshot().Digest(), reloaded.Snapshot().Digest(), replayed.Snapshot().Digest()));
        var (committed, read) = Projection.Log(store, one.Service<ChangeFeed>(), one.Revision);
        Assert.Equal(committed, read);
        Projection.AssertIndexes(one.State);
        Projection.AssertIndexes(two.State);    }

    private static Task LevelAsync(MeshHost node) => Eventually.True(
        async () => await node.Engine.CatchUpAsync() is null,
        () => "a node is level\n" + string.Join("\n", node.Log.Lines.TakeLast(20)));
}
