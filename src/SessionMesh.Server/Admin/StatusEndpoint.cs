using SessionMesh.Contracts;
using SessionMesh.Contracts.Admin;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Admin;

/// <summary>
/// <c>GET /status</c>: the version, the epoch, and how the mesh stands. Any valid key may ask; how many agents there are is for those who
/// may list them all.
/// </summary>
public sealed class StatusEndpoint(
    MeshEngine engine, HealthEndpoints health, LeaseKeeper keeper, DiskReserve reserve, LastHour hour, ProblemWriter problems)
{
    public async Task Get(HttpContext http)
    {
        var check = new Check();
        var withHour = Query.Read(http, ref check, "hour").Flag("hour", ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var ready = await health.IsReadyAsync();
        var key = http.GetKey();
        var seesAll = key.Reach is null && key.Has(ScopeSet.MeshRead);
        await Answers.WriteAsync(http, new ServerStatus
        {
            Version = Release.Version,
            Status = ready ? ServerStatus.Ready : ServerStatus.Busy,
            Epoch = engine.State.Epoch,
            Revision = engine.State.Revision,
            ExpirySlowed = keeper.IsSlowed,
            ReserveInUse = reserve.IsInUse,
            Agents = seesAll ? Count() : null,
            Hour = withHour && seesAll ? hour.Read() : null,
        }, MeshJson.Default.ServerStatus);
    }

    private AgentCounts Count()
    {
        var indexes = engine.State.Indexes;
        return new AgentCounts
        {
            Known = engine.State.AgentCount,
            Alive = indexes.With(Liveness.Alive).Count,
            Paused = indexes.Paused.CountWith(indexes.With(Liveness.Alive)),
            Suspect = indexes.With(Liveness.Suspect).Count,
            Stopping = indexes.With(Liveness.Stopping).Count,
            Lost = indexes.With(Liveness.Lost).Count,
            Dead = indexes.With(Liveness.Dead).Count,
            Declared = indexes.With(Liveness.Declared).Count,
        };
    }
}
