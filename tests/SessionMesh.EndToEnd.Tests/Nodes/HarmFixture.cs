using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// A cluster, with a PostgreSQL of its own and a <see cref="Cable"/> between it and each node, for a class of tests that harm it one after
/// the other.
/// </summary>
public sealed class HarmFixture : IAsyncLifetime
{
    private readonly List<Cable> _cables = [];
    private int _loads;

    internal Cluster Cluster { get; private set; } = null!;

    internal Cable CableOf(Node node) => _cables[Cluster.Nodes.ToList().IndexOf(node)];

    public async Task InitializeAsync()
    {
        var postgres = await PostgresServer.StartNewAsync();
        _cables.AddRange(Enumerable.Range(1, 3).Select(_ => new Cable(postgres.Port)));
        Cluster = await Cluster.StartAsync(postgres, connection: node => new Npgsql.NpgsqlConnectionStringBuilder(
            postgres.ConnectionString("")) { Port = _cables[node - 1].Port }.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        foreach (var cable in _cables)
        {
            cable.Mend();
        }

        await Cluster.DisposeAsync();
        foreach (var cable in _cables)
        {
            cable.Dispose();
        }
    }

    /// <summary>Runs a load, harms the cluster under it, and checks that nothing shows of it once all is well again.</summary>
    internal async Task UnderLoadAsync(ITestOutputHelper output, Func<Load, Random, Task> harm)
    {
        await RestartUnreadyAsync();
        await MendAsync();
        await using var load = new Load(Cluster, NodeSoak.Seed, $"load{++_loads}-");
        try
        {
            load.Start();
            await load.AnsweredAsync(200);
            await harm(load, new Random(NodeSoak.Seed));
            await MendAsync();
            await load.AnsweredAsync(200);
            await load.StopAsync();
            await ClusterCheck.AfterAsync(Cluster, load);
            output.WriteLine(load.ToString());
        }
        catch (Exception e)
        {
            var printed = string.Join('\n', Cluster.Nodes.Select(node => $"--- {node.Id}\n{Last(node.Server.Printed)}"));
            throw new Xunit.Sdk.XunitException($"{load}\n{e.Message}\n{printed}", e);
        }
    }

    /// <summary>A node that a test before has broken for good is that test's failure alone.</summary>
    private async Task RestartUnreadyAsync()
    {
        if (!Cluster.Postgres.IsRunning)
        {
            await Cluster.Postgres.StartAsync();
        }

        foreach (var node in Cluster.Nodes)
        {
            CableOf(node).Mend();
            if (!node.Server.Process.HasExited && !await node.IsReadyAsync())
            {
                await node.KillAsync();
            }
        }
    }

    /// <summary>All is as at the beginning.</summary>
    private async Task MendAsync()
    {
        foreach (var node in Cluster.Nodes)
        {
            CableOf(node).Mend();
            if (node.Server.Process.HasExited)
            {
                await node.StartAsync();
            }
            else if (!node.IsUp)
            {
                node.GoOn();
            }
        }

        await Task.WhenAll(Cluster.Nodes.Select(node => node.ReadyAsync()));
    }

    private static string Last(string printed) => printed.Length < 3000 ? printed : printed[^3000..];
}
