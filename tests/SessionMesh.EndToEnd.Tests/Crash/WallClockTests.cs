using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>
/// A server whose wall clock is set while it runs: libfaketime stands between it and the system, and leaves the other clocks alone.
/// </summary>
public sealed class WallClockTests
{
    [Fact]
    public async Task WallSetBackAnHour_WhileTheServerRuns_ASessionAndAKillStillEnd()
    {
        await using var mesh = new Mesh();
        var clock = mesh.Scratch.Write("clock", "+0\n");
        mesh.Server.Environment["LD_PRELOAD"] = Library();
        mesh.Server.Environment["FAKETIME_TIMESTAMP_FILE"] = clock;
        mesh.Server.Environment["FAKETIME_NO_CACHE"] = "1";
        mesh.Server.Environment["DONT_FAKE_MONOTONIC"] = "1";
        // Else every timed wait of .NET returns at once, and the process spins.
        mesh.Server.Environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0";
        await mesh.InitializeAsync();
        var before = await CreateAsync(mesh, 4);
        await mesh.DoneAsync("session-mesh register --agent-id deaf --spec s");

        File.WriteAllText(clock, "-3600\n");
        await Eventually.True(
            async () => await ServersWallAsync(mesh) < TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(59),
            () => "the server's wall clock is back an hour");
        var after = await CreateAsync(mesh, 4);
        var began = TimeProvider.System.GetTimestamp();
        await mesh.DoneAsync("session-mesh kill --agent-id deaf --grace 3 --yes --detach");
        foreach (var id in new[] { before, after })
        {
            await Eventually.True(async () => await StatusAsync(mesh, id) == "expired", () => $"session {id} ends");
        }

        await Eventually.True(
            async () => (await mesh.Http.GetAsync("agents/deaf")).Text("status") == "dead", () => "the kill ends in force");
        Assert.True(TimeProvider.System.GetElapsedTime(began) >= TimeSpan.FromSeconds(3), "force came before its time");
        var exit = (await mesh.Http.GetAsync("agents/deaf")).Json.GetProperty("last_exit");
        Assert.False(exit.GetProperty("confirmed").GetBoolean());

        // The log's clock went on all the same.
        var at = exit.GetProperty("at").GetDateTimeOffset();
        Assert.True(at > TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(2), "the log's clock went back");
    }

    private static async Task<string> CreateAsync(Mesh mesh, int ttl) =>
        (await mesh.DoneAsync($"session-mesh session create --ttl {ttl}")).Json.GetProperty("session").GetProperty("id").GetString()!;

    /// <summary>The web server stamps its answers with the wall as it is.</summary>
    private static async Task<DateTimeOffset?> ServersWallAsync(Mesh mesh)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(mesh.Server.Url + "/livez"));
        return answer.Headers.Date;
    }

    private static async Task<string> StatusAsync(Mesh mesh, string id) =>
        (await mesh.DoneAsync($"session-mesh session get {id}")).Json.GetProperty("session").GetProperty("status").GetString()!;

    private static string Library() =>
        Directory.GetDirectories("/usr/lib")
            .Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("libfaketime is not installed; eng/test.sh does that");
}
