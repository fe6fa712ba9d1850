using System.Text.Json;
using SessionMesh.Contracts.Admin;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Admin;

/// <summary><c>/livez</c>: the process answers. <c>/readyz</c>: the engine takes turns, and a summary of the mesh.</summary>
public sealed class HealthEndpoints(MeshEngine engine, MeshStore store, LeaseKeeper keeper, DiskReserve reserve)
{
    private static readonly byte[] s_ok = "ok\n"u8.ToArray();

    public static Task Live(HttpContext http)
    {
        http.Response.ContentType = "text/plain";
        http.Response.ContentLength = s_ok.Length;
        return http.Response.BodyWriter.WriteAsync(s_ok).AsTask();
    }

    public async Task Ready(HttpContext http)
    {
        var ready = await IsReadyAsync();
        using var text = new Utf8Buffer();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("status", ready ? ServerStatus.Ready : ServerStatus.Busy);
            json.WriteNumber("revision", engine.State.Revision);
            json.WriteNumber("agents", engine.State.AgentCount);
            json.WriteNumber("alive", engine.State.Indexes.With(Liveness.Alive).Count);
            json.WriteBoolean("expiry_slowed", keeper.IsSlowed);
            json.WriteBoolean("reserve_in_use", reserve.IsInUse);
            json.WriteEndObject();
        }

        await Answers.WriteAsync(http, ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, text.Written);
    }

    /// <summary>Goes through the queue: a server with a hung engine is not ready, however well the rest responds.</summary>
    internal async Task<bool> IsReadyAsync()
    {
        var turn = engine.ExecuteAsync(new EmptyTurn { Actor = Actors.Mesh }, Origin.Mesh);
        return await Task.WhenAny(turn, Task.Delay(TimeSpan.FromSeconds(2), engine.Time)) == turn && turn.Result.Succeeded
            && store.IsReachable;
    }
}
