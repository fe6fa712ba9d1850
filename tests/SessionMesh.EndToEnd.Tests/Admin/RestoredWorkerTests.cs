using SessionMesh.EndToEnd.Tests.Support;
using SessionMesh.EndToEnd.Tests.Workers;

namespace SessionMesh.EndToEnd.Tests.Admin;

/// <summary>Workers under <c>session-mesh run</c> whose mesh is restored beneath them: real tool, real server, real processes.</summary>
public sealed class RestoredWorkerTests
{
    private const string Loop = "while :; do sleep 0.1; done";

    [Fact]
    public async Task RestoredMesh_TheFirstSteerAfterwardsIsHandled_AndAKillWithGraceIsConfirmedWithinIt()
    {
        await using var mesh = await Mesh.StartAsync();
        using var worker = Worker.Start(mesh, "w", Loop, "--on-steer", "echo \"$SESSION_MESH_DIRECTION\" >> steered");
        await worker.AliveAsync();
        await mesh.DoneAsync("session-mesh admin backup --out b.db");
        await SteeredAsync(mesh, worker, "before", "before");
        var pid = worker.Pid;

        await mesh.DoneAsync("session-mesh admin restore b.db --yes");
        await Eventually.True(
            () => mesh.Server.Printed.Contains("A backup was restored", StringComparison.Ordinal), () => mesh.Server.Printed);
        await SteeredAsync(mesh, worker, "after", "before", "after"); // number 1 again, and not the one that was seen
        Assert.Equal(1, (await mesh.Http.GetAsync("agents/w")).Number("incarnation"));
        Assert.NotNull(ProcessInfo.Find(pid));
        await worker.KilledAsync("--yes --grace 30s", exitCode: 143, signal: "TERM");
        Assert.Empty(worker.Processes());
    }

    [Fact]
    public async Task MeshRestoredToATimeBeforeTheWorker_TheWorkerGoesOn_RegistersAgain_AndIsSteeredAndKilled()
    {
        await using var mesh = await Mesh.StartAsync();
        await mesh.DoneAsync("session-mesh admin backup --out b.db");
        using var worker = Worker.Start(mesh, "late", Loop, "--on-steer", "echo \"$SESSION_MESH_DIRECTION\" >> steered", "--spec", "x");
        await worker.AliveAsync();
        await SteeredAsync(mesh, worker, "before", "before");
        await mesh.DoneAsync("session-mesh admin restore b.db --yes");
        await RestoredAsync(mesh, worker, 2);
        Assert.Equal("x", (await mesh.Http.GetAsync("agents/late")).Json.GetProperty("specializations")[0].GetString());
        await SteeredAsync(mesh, worker, "after", "before", "after");
        await worker.KilledAsync("--yes --grace 30s", exitCode: 143, signal: "TERM");
        Assert.Empty(worker.Processes());
    }

    [Fact]
    public async Task StoreThatWasSetAsideIsPutBack_TheWorkerIsTheOneThatItWasThere()
    {
        await using var mesh = await Mesh.StartAsync();
        Assert.Equal(201, (await mesh.Http.PostAsync("agents", """{"agent_id":"w"}""")).Status);
        Assert.Equal(200, (await mesh.Http.PostAsync("agents/w/exit", """{"incarnation":1}""")).Status);
        await mesh.DoneAsync("session-mesh admin backup --out b.db");
        using var worker = Worker.Start(mesh, "w", Loop, "--on-steer", "echo \"$SESSION_MESH_DIRECTION\" >> steered");
        await worker.AliveAsync(); // the second, there and in what is restored: the same number twice
        await mesh.DoneAsync("session-mesh admin restore b.db --yes");
        await RestoredAsync(mesh, worker, 2);
        await SteeredAsync(mesh, worker, "one", "one");
        Assert.Equal(2, (await mesh.Http.GetAsync("agents/w")).Number("incarnation"));

        await mesh.Server.StopAsync();
        var before = Assert.Single(Directory.GetFiles(mesh.Server.Data, "mesh.db.before-restore-*"));
        await mesh.DoneAsync($"session-mesh admin restore {before} --data {mesh.Server.Data} --yes");
        await mesh.Server.StartAsync();
        await RestoredAsync(mesh, worker, 3);
        await SteeredAsync(mesh, worker, "two", "one", "two");
        Assert.Equal(2, (await mesh.Http.GetAsync("agents/w")).Number("incarnation"));
        Assert.False(worker.Runner.HasExited);
        await worker.KilledAsync("--yes --grace 30s", exitCode: 143, signal: "TERM");
    }

    [Fact]
    public async Task RunnerWhoseKeyTheRestoredMeshDoesNotKnow_LeavesItsProcessAlone()
    {
        await using var mesh = await Mesh.StartAsync();
        await mesh.DoneAsync("session-mesh admin backup --out b.db");
        await mesh.DoneAsync("session-mesh keys create --scope registry:write --scope keys:mint --out runner.key");
        using var worker = Worker.Start(
            mesh, "w", Loop, "--key-file", mesh.Scratch.File("runner.key"), "--on-steer", "echo \"$SESSION_MESH_DIRECTION\" >> steered");
        await worker.AliveAsync();
        await mesh.DoneAsync("session-mesh admin restore b.db --yes");
        await Eventually.True(
            () => worker.Runner.Error.Contains("the process keeps running", StringComparison.Ordinal),
            () => $"the runner says so\n{worker.Runner.Error}");
        Assert.False(worker.Runner.HasExited);
        Assert.NotNull(ProcessInfo.Find(worker.Pid));

        // Another key in the same file is what it goes on with.
        await mesh.DoneAsync(
            "session-mesh keys create --scope registry:write --scope keys:mint --out other.key && mv other.key runner.key");
        await RestoredAsync(mesh, worker, 2);
        await SteeredAsync(mesh, worker, "north", "north");
        await worker.KilledAsync("--force", exitCode: 137, signal: "KILL");
    }

    /// <summary>Waits until the mesh answers in that epoch, and the worker listens there.</summary>
    private static Task RestoredAsync(Mesh mesh, Worker worker, long epoch) => Eventually.True(
        async () =>
        {
            try
            {
                var agent = await mesh.Http.GetAsync($"agents/{worker.Agent}");
                return agent.Status == 200 && agent.Number("epoch") == epoch && agent.Text("connected") == "true";
            }
            catch (HttpRequestException)
            {
                return false; // between the one server and the next
            }
        },
        () => $"the worker is there in epoch {epoch}\n{mesh.Server.Printed}\n{worker.Runner.Error}");

    private static async Task SteeredAsync(Mesh mesh, Worker worker, string direction, params string[] sofar)
    {
        var ran = await mesh.DoneAsync(
            $"session-mesh steer --agent-id {worker.Agent} --direction {direction} --wait acknowledged "
            + "--wait-seconds 40 --timeout 60 -o json");
        Assert.True(ran.Json.Text("state") == "acknowledged", $"{ran}\n{worker.Runner.Error}");
        Assert.Equal(sofar, await Eventually.Lines(worker.File("steered")));
    }
}
