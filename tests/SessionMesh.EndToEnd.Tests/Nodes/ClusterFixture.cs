namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>A cluster that nobody harms, for a class of tests.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    internal Cluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await Cluster.StartAsync();

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}
