using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// Nodes that die, hang and come back under a load without affinity: every acknowledged write is once in every log, the states are equal,
/// and nobody who beats is given up.
/// </summary>
[Collection(NodesCollection.Name)]
public sealed class NodeHarmTests(HarmFixture fixture, ITestOutputHelper output) : IClassFixture<HarmFixture>
{
    private Cluster Mesh => fixture.Cluster;

    [Fact]
    public Task AnyNode_Killed_IsNotMissed() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(3, 20); round++)
        {
            var victim = Mesh[random.Next(3)];
            await victim.KillAsync();
            await load.AnsweredAsync(random.Next(50, 300));
            await victim.StartAsync();
            await load.AnsweredAsync(random.Next(20, 100));
        }
    });

    [Fact]
    public Task Judge_Killed_IsFollowedByAnother() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(2, 20); round++)
        {
            var judge = await Mesh.JudgeAsync();
            await judge.KillAsync();
            Assert.NotEqual(judge, await Mesh.JudgeAsync());
            await load.AnsweredAsync(random.Next(50, 200));
            await judge.StartAsync();
        }
    });

    [Fact]
    public Task Judge_Stopped_HandsOver() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(2, 20); round++)
        {
            var judge = await Mesh.JudgeAsync();
            await judge.StopAsync();
            Assert.NotEqual(judge, await Mesh.JudgeAsync());
            await load.AnsweredAsync(random.Next(20, 100));
            await judge.StartAsync();
        }
    });

    /// <summary>Asleep for longer than any lease of the load lasts: what it knows of beats is old when it wakes up.</summary>
    [Fact]
    public Task Judge_Paused_TheOthersGoOn_AndTheWokenOneCommitsNothingStale() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(1, 5); round++)
        {
            var judge = await Mesh.JudgeAsync();
            judge.Pause();
            load.Latencies.Clear();
            Assert.NotEqual(judge, await Mesh.JudgeAsync());
            await Task.Delay(NodeSoak.Seconds(18, 30));
            await load.AnsweredAsync(100);
            output.WriteLine($"while {judge.Id} slept: {load}");
            judge.GoOn();
            await judge.ReadyAsync();
            await Mesh.JudgeAsync();
            await load.AnsweredAsync(random.Next(100, 200));
        }
    });

    [Fact]
    public Task AnyNode_Paused_IsNotMissed() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(1, 20); round++)
        {
            var victim = Mesh[random.Next(3)];
            victim.Pause();
            await Task.Delay(TimeSpan.FromSeconds(random.Next(1, NodeSoak.Times(8, 15))));
            await load.AnsweredAsync(50);
            victim.GoOn();
            await load.AnsweredAsync(random.Next(20, 100));
        }
    });

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public Task Node_CutOff_IsNotReady_AndComesBack(bool there, bool back) => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(1, 5); round++)
        {
            // The judge every other time: it is the one whose word could be stale.
            var victim = round % 2 == 0 ? await Mesh.JudgeAsync() : Mesh[random.Next(3)];
            var cable = fixture.CableOf(victim);
            cable.Block(there, back);
            await victim.NotReadyAsync();
            await load.AnsweredAsync(random.Next(50, 200));
            await Task.Delay(NodeSoak.Seconds(1, 20));
            cable.Mend();
            await victim.ReadyAsync();
            await load.AnsweredAsync(random.Next(20, 100));
        }
    });

    /// <summary>As after a failover that lost its start: it starts anew in its process.</summary>
    [Fact]
    public Task Node_ThatIsForgotten_ComesBack() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        var victim = Mesh[random.Next(3)];
        var (postgres, database) = (Mesh.Postgres, Mesh.Database.Name);
        await postgres.RunAsync($"DELETE FROM session_mesh.mesh_nodes WHERE id = '{victim.Id}'", database);
        await Eventually.True(
            async () => await postgres.RunAsync($"SELECT 1 FROM session_mesh.mesh_nodes WHERE id = '{victim.Id}'", database) is 1,
            () => $"{victim.Id} has begun again\n{victim.Server.Printed}");
        await victim.ReadyAsync();
        await load.AnsweredAsync(random.Next(50, 200));
    });

    [Fact]
    public Task Node_WhoseConnectionsAreReset_ConnectsAnew() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(10, 100); round++)
        {
            fixture.CableOf(Mesh[random.Next(3)]).Cut();
            await load.AnsweredAsync(random.Next(5, 30));
        }
    });
}
