using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Admin;

/// <summary>A mesh goes to PostgreSQL with the real tool, and the real server goes on there.</summary>
public sealed class MoveStoreTests
{
    [Fact]
    public async Task Mesh_MovedToPostgres_GoesOnThere_WithItsKeysAndAgents()
    {
        var postgres = await PostgresServer.SharedAsync();
        await using var database = await postgres.CreateDatabaseAsync();
        await using var mesh = await Mesh.StartAsync();
        await mesh.DoneAsync("session-mesh register --agent-id a; session-mesh steer a --direction north");
        var file = Path.Combine(mesh.Server.Data, "..", "postgres-" + database.Name);
        await mesh.DoneAsync($"umask 077; printf %s \"$TEXT\" >{file}", ("TEXT", database.ConnectionString));
        var line = $"session-mesh admin move --from sqlite:{mesh.Server.Data} --to postgres --postgres-file {file} -o json";
        var busy = await mesh.BashAsync(line, ("SESSION_MESH_SERVER", Built.Server));
        Assert.Equal(1, busy.Code);
        Assert.Contains("Another server holds the data directory", busy.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await mesh.Server.StopAsync()).Code);

        var moved = await mesh.DoneAsync(line, ("SESSION_MESH_SERVER", Built.Server));
        Members.Equal("""{"revision":"<number>","sha256":"<text>"}""", moved.Json);
        Assert.DoesNotContain(postgres.Password, moved.Out + moved.Error, StringComparison.Ordinal);
        mesh.Server.Options = ["--store", "postgres", "--postgres-file", file];
        await mesh.Server.StartAsync();
        var list = await mesh.DoneAsync("session-mesh history a -o json; session-mesh admin check");
        Assert.Contains("\"direction\": \"north\"", list.Out, StringComparison.Ordinal);
        var backup = await mesh.BashAsync("session-mesh admin backup b.db");
        Assert.Equal(5, backup.Code);
        Assert.Contains("pg_dump", backup.Error, StringComparison.Ordinal);
        File.Delete(file);
    }
}
