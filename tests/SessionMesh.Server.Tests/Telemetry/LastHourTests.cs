using System.Text.Json.Nodes;
using SessionMesh.Server.Telemetry;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Telemetry;

public sealed class LastHourTests
{
    [Fact]
    public async Task Hour_CountsByTheMinute_AndKeepsSixty()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 86_400);
        await mesh.RegisterAsync("b", ttl: 86_400);
        await mesh.SteerAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","verb":"pause"}""");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        var reader = await mesh.MintAsync("""{"scopes":["mesh:read"]}""");
        (await mesh.DeleteAsync("agents/b", reader)).ShouldBeProblem(403, "missing_scope");
        Assert.Equal([Row(-30, alive: 2, steers: 1, acknowledged: 1, refused: 1)], await HourAsync(mesh));

        await mesh.AdvanceAsync(120);
        await mesh.DeleteAsync("agents/b");
        Assert.Equal(
            [Row(-30, alive: 2, steers: 1, acknowledged: 1, refused: 1), Row(30, alive: 2), Row(90, alive: 1, kills: 1)],
            (await HourAsync(mesh)).Take(3));

        await mesh.AdvanceAsync(59 * 60);
        var full = await HourAsync(mesh);
        Assert.Equal(LastHour.Minutes, full.Count);
        Assert.Equal(Row(90, alive: 1, kills: 1), full[0]);
        await mesh.AdvanceAsync(10 * 3600);
        Assert.All(
            await HourAsync(mesh),
            row => Assert.EndsWith("alive 1 steers 0 acknowledged 0 kills 0 refused 0", row, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hour_IsForWhoMaySeeAllAgents_AndAskedFor()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Assert.Null((await mesh.GetAsync("status")).Json["hour"]);
        foreach (var key in (string[])["""{"scopes":["steer"]}""", """{"scopes":["mesh:read"],"within":["agent:a"]}"""])
        {
            Assert.Null((await mesh.GetAsync("status?hour=true", await mesh.MintAsync(key))).Json["hour"]);
        }

        (await mesh.GetAsync("status?hour=maybe")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?hour");
    }

    private static async Task<List<string>> HourAsync(MeshHost mesh) =>
        [.. (await mesh.GetAsync("status?hour=true")).Json["hour"]!.AsArray().Select(row => Row(row!))];

    private static string Row(JsonNode row) =>
        $"{row["at"]} alive {row["alive"]} steers {row["steers"]} acknowledged {row["acknowledged"]} kills {row["kills"]} "
        + $"refused {row["refused"]}";

    private static string Row(double at, int alive = 0, int steers = 0, int acknowledged = 0, int kills = 0, int refused = 0) =>
        $"{At(at)} alive {alive} steers {steers} acknowledged {acknowledged} kills {kills} refused {refused}";
}
