using System.Diagnostics.Metrics;
using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Nodes;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// The gauges, read on each scrape. A reading costs a few loads from memory or the size of a file, and never a turn of the engine.
/// </summary>
internal sealed class MeshGauges(
    MeshMetrics metrics, MeshEngine engine, LeaseKeeper keeper, MeshStore store, DataDirectory directory, DiskReserve reserve,
    IMeshNodes nodes)
    : IHostedService
{
    private static readonly Liveness[] s_statuses = Enum.GetValues<Liveness>();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = metrics.Meter;
        meter.CreateObservableGauge("session_mesh.agents", Agents, "{agent}", "Agents by status");
        meter.CreateObservableGauge("session_mesh.sessions",
            () => engine.State.Sessions.Count, "{session}", "Plain sessions in the store");
        meter.CreateObservableGauge("session_mesh.claims", () => engine.State.Claims.Count, "{claim}", "Claims that are held");
        meter.CreateObservableGauge("session_mesh.revision", () => engine.State.Revision, null, "Revision of the newest change");
        meter.CreateObservableGauge("session_mesh.queue.length", () => engine.Queued, "{command}", "Commands waiting for the engine");
        meter.CreateObservableGauge("session_mesh.expiry_slowed",
            () => keeper.IsSlowed ? 1 : 0, null, "1 while a mass expiry is being slowed down");
        if (store.IsFile) // PostgreSQL is asked by whoever watches it: its answer may have to wait
        {
            meter.CreateObservableGauge("session_mesh.store.size", Store, "By", "Size of the store's files");
        }


        meter.CreateObservableGauge("session_mesh.nodes", () => nodes.List().Count, null, "Nodes of the mesh that live");
        meter.CreateObservableGauge("session_mesh.judge",
            () => engine.IsJudge ? 1 : 0, null, "1 while this node decides what time brings about");
        meter.CreateObservableGauge("session_mesh.lag", () => nodes.Lag, null, "Changes in the log that memory does not have");
        meter.CreateObservableGauge("session_mesh.disk.free", reserve.FreeBytes, "By", "Free space on the disk of the data directory");
        meter.CreateObservableGauge("session_mesh.reserve_in_use",
            () => reserve.IsInUse ? 1 : 0, null, "1 while the disk is full and the reserve is in use");
        meter.CreateObservableGauge("session_mesh.service_keys",
            ServiceKeys, "{key}", "Service keys, by whether they end within 14 days");
        meter.CreateObservableGauge("session_mesh.service_keys.next_end.timestamp",
            NextEnd, "s", "Unix time at which the next service key ends");
        metrics.Begin();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<int>> Agents() =>
        s_statuses.Select(status =>
            new Measurement<int>(engine.State.Indexes.With(status).Count, new KeyValuePair<string, object?>("status", status.Word())));

    private IEnumerable<Measurement<int>> ServiceKeys()
    {
        var now = engine.Now.Wall;
        var (all, ending) = (0, 0);
        foreach (var key in engine.State.Keys.Services)
        {
            all++;
            ending += key.ExpiresAt - now <= Limits.ServiceKeyNotice * 1000L ? 1 : 0;
        }

        return
        [
            new(all - ending, new KeyValuePair<string, object?>("ending", "later")),
            new(ending, new KeyValuePair<string, object?>("ending", "soon")),
        ];
    }

    /// <summary>Nothing without a service key.</summary>
    private IEnumerable<Measurement<double>> NextEnd() =>
        engine.State.Keys.Services.MinBy(key => key.ExpiresAt) is { } next ? [new(next.ExpiresAt / 1000.0)] : [];

    private IEnumerable<Measurement<long>> Store() =>
    [
        new(Size(directory.Database), new KeyValuePair<string, object?>("file", "database")),
        new(Size(directory.Database + "-wal"), new KeyValuePair<string, object?>("file", "log")),
    ];

    private static long Size(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;
}
