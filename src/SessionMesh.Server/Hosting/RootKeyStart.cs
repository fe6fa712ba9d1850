using SessionMesh.Server.Engine;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// Before the server listens, finishes an interrupted change of the root key, and mints the root key of an empty store.
/// </summary>
internal sealed class RootKeyStart(RootKeys roots, MeshEngine engine, DataDirectory directory) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        roots.Finish();
        return FirstStart.MintRootKeyAsync(engine, directory);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
