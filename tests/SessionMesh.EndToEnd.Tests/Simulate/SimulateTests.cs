using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Simulate;

/// <summary>A fleet over real HTTP, played to its end and cut short.</summary>
public sealed class SimulateTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Fact]
    public async Task Duration_EndsWithASummaryAndEveryExitReported()
    {
        var ran = await mesh.DoneAsync("session-mesh simulate --agents 200 --duration 5 -o json");
        Assert.Equal(("200", "200"), (ran.Json.Text("agents"), ran.Json.Text("registered")));
        Assert.True(ran.Json.GetProperty("exits_reported").GetInt32() > 0, ran.Out);
        Assert.Equal("0", ran.Json.Text("errors"));
        Assert.Equal("", ran.Error);
        Assert.Equal(0, (await mesh.Http.GetAsync("alive?limit=1")).Number("count"));
    }

    [Theory]
    [InlineData(Signal.Int, "--duration 10m", 130)]
    [InlineData(Signal.Int, "", 0)]
    public async Task CtrlC_EndsCleanly(int signal, string duration, int code)
    {
        var prefix = $"cut{code}";
        var more = duration.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        using var simulation = mesh.Start(["simulate", "--agents", "50", "--prefix", prefix, "-o", "json", .. more]);
        await AllListenAsync(prefix, 50);
        simulation.Send(signal);
        var ran = await simulation.EndAsync();
        Assert.True(ran.Code == code, ran.ToString());
        Assert.Equal("50", ran.Json.Text("registered"));
        Assert.Equal("", ran.Error);
        Assert.NotEqual("alive", (await mesh.Http.GetAsync($"agents/{prefix}-50")).Text("status"));
    }

    [Fact]
    public async Task Fleet_IsThereToBeSeenSteeredAndKilled()
    {
        using var simulation = mesh.Start("simulate", "--agents", "40", "--prefix", "fleet", "-o", "json");
        await AllListenAsync("fleet", 40);
        var page = (await mesh.DoneAsync("session-mesh list --limit 10 -o json")).Json;
        Assert.Equal("10", page.Text("count"));
        Assert.NotEqual("null", page.Text("next_cursor"));
        var all = (await mesh.DoneAsync("session-mesh list --fields agent_id,parent_id -o json")).Json.GetProperty("sessions")
            .EnumerateArray().ToList();
        Assert.Contains(all, row => row.Text("parent_id") != "null");

        var heard = await mesh.DoneAsync("session-mesh steer --agent-id fleet-1 --direction north --wait delivered -o json");
        Assert.NotEqual("queued", heard.Json.Text("state"));
        await mesh.DoneAsync("session-mesh kill --agent-id fleet-1 --force --cascade none");
        Assert.Equal("dead", (await mesh.Http.GetAsync("agents/fleet-1")).Text("status"));

        simulation.Send(Signal.Int);
        Assert.Equal(0, await simulation.ExitAsync());
    }

    /// <summary>An open stream says that the agent has its registration's answer; being alive says only that the server sent one.</summary>
    private Task AllListenAsync(string prefix, int count)
    {
        Answer? page = null;
        return Eventually.True(
            async () =>
            {
                page = await mesh.Http.GetAsync("alive?limit=1000");
                return page.Json.GetProperty("sessions").EnumerateArray()
                    .Where(row => row.Text("agent_id")!.StartsWith(prefix + "-", StringComparison.Ordinal))
                    .Count(row => row.Text("connected") == "true") == count;
            },
            () => $"{count} agents of {prefix} listen: {page}");
    }
}
