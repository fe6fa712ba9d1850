using System.Globalization;
using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>PostgreSQL that crashes, is away and hangs under three nodes and a load without affinity.</summary>
[Collection(NodesCollection.Name)]
public sealed class PostgresHarmTests(HarmFixture fixture, ITestOutputHelper output) : IClassFixture<HarmFixture>
{
    private Cluster Mesh => fixture.Cluster;
    private PostgresServer Postgres => fixture.Cluster.Postgres;

    [Fact]
    public Task Postgres_RestartedAtOnce_LosesNothing() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(2, 5); round++)
        {
            await Postgres.RestartImmediateAsync();
            await load.AnsweredAsync(random.Next(50, 300));
        }
    });

    [Fact]
    public Task Postgres_Away_NoNodeIsReady_AndAllComeBack() => fixture.UnderLoadAsync(output, async (load, _) =>
    {
        await Postgres.StopAsync(immediate: true);
        foreach (var node in Mesh.Nodes)
        {
            await node.NotReadyAsync();
        }

        await Task.Delay(NodeSoak.Seconds(12, 60));
        Assert.All(Mesh.Nodes, node => Assert.False(node.Server.Process.HasExited, node.Server.Printed));
        await Postgres.StartAsync();
        await Task.WhenAll(Mesh.Nodes.Select(node => node.ReadyAsync()));
        await load.AnsweredAsync(100);
    });

    [Fact]
    public Task Postgres_Hanging_NoNodeIsReady_AndAllComeBack() => fixture.UnderLoadAsync(output, async (load, _) =>
    {
        await Postgres.PauseAsync();
        foreach (var node in Mesh.Nodes)
        {
            await node.NotReadyAsync();
        }

        await Task.Delay(NodeSoak.Seconds(3, 30));
        await Postgres.ResumeAsync();
        await Task.WhenAll(Mesh.Nodes.Select(node => node.ReadyAsync()));
        await load.AnsweredAsync(100);
    });

    [Fact]
    public Task Backends_KilledAtRandom_LoseNothing() => fixture.UnderLoadAsync(output, async (load, random) =>
    {
        for (var round = 0; round < NodeSoak.Times(15, 200); round++)
        {
            var backends = await Postgres.BackendsAsync(Mesh.Database.Name);
            if (backends.Length > 0)
            {
                // Killed outright, one makes PostgreSQL recover as a whole.
                await Postgres.SignalBackendAsync(backends[random.Next(backends.Length)], random.Next(10) == 0 ? "KILL" : "TERM");
            }

            await load.AnsweredAsync(random.Next(5, 40));
            await Eventually.True(
                async () => await AnswersAsync(),
                () => $"PostgreSQL answers again\n{Postgres.Log[^Math.Min(2000, Postgres.Log.Length)..]}");
        }
    });

    /// <summary>A receiver of the log sees each gap at once: none is left by what was refused or lost on the way.</summary>
    [Fact]
    public async Task Revisions_AfterAllThat_HaveNoGap()
    {
        var row = (string)(await Postgres.RunAsync(
            "SELECT min(revision) || ' ' || max(revision) || ' ' || count(*) FROM session_mesh.changes", Mesh.Database.Name))!;
        var numbers = row.Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal((1, numbers[1]), (numbers[0], numbers[2]));
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return await Postgres.RunAsync("SELECT 1") is 1;
        }
        catch (Npgsql.NpgsqlException)
        {
            return false;
        }
    }
}
