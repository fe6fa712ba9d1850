using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Workers;

/// <summary>What a child under <c>session-mesh run</c> gets to know, and what its key opens.</summary>
public sealed class ChildKeyTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Loop = "while :; do sleep 0.1; done";

    [Fact]
    public async Task Environment_NamesTheAgentAndHoldsAKeyOfItsOwn()
    {
        using var worker = Worker.Start(mesh, "named", Loop);
        await worker.AliveAsync();
        var environment = ProcessInfo.EnvironmentOf(worker.Pid);
        Assert.Contains($"SESSION_MESH_URL={mesh.Server.Url}", environment);
        Assert.Contains("SESSION_MESH_AGENT_ID=named", environment);
        Assert.Contains("SESSION_MESH_INCARNATION=1", environment);
        var key = KeyOf(worker);
        Assert.StartsWith("smk_", key, StringComparison.Ordinal);
        Assert.DoesNotContain(environment, variable => variable.Contains(mesh.Server.RootKey, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Key_WorksForItsOwnAgentAloneAndDiesWithIt()
    {
        await mesh.Http.PostAsync("agents", """{"agent_id":"neighbour"}""");
        using var worker = Worker.Start(mesh, "bounded", Loop, "--no-sub-agents");
        await worker.AliveAsync();
        using var own = new MeshHttp(mesh.Server.Url, KeyOf(worker));

        Assert.Equal(
            200, (await own.PostAsync("agents/bounded/heartbeat", """{"incarnation":1,"activity":"working","load":0.25}""")).Status);
        Assert.Equal("0.25", (await mesh.Http.GetAsync("agents/bounded")).Text("load"));
        Assert.Equal(200, (await own.GetAsync("agents/bounded/directives")).Status);

        Assert.Equal(403, (await own.PostAsync("agents/neighbour/heartbeat")).Status);
        Assert.Equal(403, (await own.PostAsync("agents/neighbour/exit", """{"incarnation":1}""")).Status);
        Assert.Equal(403, (await own.PostAsync("steer", """{"agent_id":"neighbour","direction":"west"}""")).Status);
        Assert.Equal(403, (await own.DeleteAsync("agents/neighbour")).Status);
        Assert.Equal(403, (await own.PostAsync("keys")).Status);
        Assert.Equal(403, (await own.GetAsync("alive")).Status);

        await worker.KilledAsync("--force", exitCode: 137, signal: "KILL");
        Assert.Equal(401, (await own.PostAsync("agents/bounded/heartbeat", """{"incarnation":1}""")).Status);
    }

    /// <summary>What the tool says from inside an agent, where nobody exports anything.</summary>
    [Fact]
    public async Task ToolInsideAnAgent_SpeaksForThatAgent()
    {
        using var worker = Worker.Start(
            mesh, "inner",
            "session-mesh heartbeat --activity working --progress 3 -o json > beat.json; "
            + "session-mesh steer --agent-id inner --direction x 2> refused; echo $? > code; " + Loop);
        await worker.AliveAsync();
        Assert.Equal(["4"], await Eventually.Lines(worker.File("code")));
        Assert.Equal("inner", Members.Parse(await File.ReadAllTextAsync(worker.File("beat.json"))).Text("agent_id"));
        Assert.Contains("missing_scope", await File.ReadAllTextAsync(worker.File("refused")), StringComparison.Ordinal);
        Assert.Equal("3", (await mesh.Http.GetAsync("agents/inner")).Text("progress"));
    }

    private static string KeyOf(Worker worker) =>
        ProcessInfo.EnvironmentOf(worker.Pid)
            .Single(variable => variable.StartsWith("SESSION_API_KEY=", StringComparison.Ordinal))
            .Split('=', 2)[1];
}
