using Microsoft.Extensions.Logging.Abstractions;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Push;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Loading;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Telemetry;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Server.Tests.Telemetry;
using SQLitePCL;

namespace SessionMesh.Server.Tests.Engine;

/// <summary>The real engine over a real file, without HTTP around it, and a disk that can be filled.</summary>
internal sealed class EngineRig : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("mesh-engine-").FullName;

    /// <param name="wrap">Puts something between the engine and the file.</param>
    /// <param name="headsEvery">So few that passes of heads come and go all the time.</param>
    public EngineRig(Func<IMeshLog, MeshState, IMeshLog>? wrap = null, int headsEvery = 50)
    {
        Clock = new MeshClock(Time);
        Store = SqliteStore.Open(Path.Combine(_directory, "mesh.db"));
        raw.sqlite3_exec(Store.Handle, "PRAGMA synchronous=OFF"); // thousands of commits, none of which a power cut may cost
        StateLoader.Load(Store.Context, State, Clock.NotBefore);
        var metrics = new MeshMetrics(new Meters());
        var log = new SqliteLog(Store, State, new DiskReserve(_directory, Time), metrics, NullLogger<SqliteLog>.Instance, headsEvery);
        var publisher = new Publisher(new Subscriptions(), Feed, metrics, new LastHour(Time, State));
        Engine = new MeshEngine(wrap?.Invoke(log, State) ?? log, State, Clock, publisher, metrics, NullLogger<MeshEngine>.Instance);
        Engine.Start();
    }

    public FakeTime Time { get; } = new();
    public MeshClock Clock { get; }
    public SqliteStore Store { get; }
    public MeshState State { get; } = new();
    public MeshEngine Engine { get; }
    public ChangeFeed Feed { get; } = new();

    /// <summary>From now on the database may not grow by a page: a commit that needs one fails as on a full disk.</summary>
    public void FillDisk()
    {
        raw.sqlite3_prepare_v2(Store.Handle, "PRAGMA page_count", out var count);
        raw.sqlite3_step(count);
        var pages = raw.sqlite3_column_int64(count, 0);
        count.Dispose();
        raw.sqlite3_exec(Store.Handle, $"PRAGMA max_page_count={pages}");
    }

    public void FreeDisk() => raw.sqlite3_exec(Store.Handle, "PRAGMA max_page_count=1000000");

    public void Dispose()
    {
        Engine.Dispose();
        Store.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
