using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Workers;

/// <summary>
/// <c>run</c> inside <c>run</c>: the inner agent hangs below the outer one, its key below the outer's key, and neither reaches beside or
/// above itself.
/// </summary>
public sealed class SubAgentTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Loop = "while :; do sleep 0.1; done";

    [Fact]
    public async Task InnerAgent_HangsBelowTheOuter_AndReachesNothingBesideIt()
    {
        await mesh.Http.PostAsync("agents", """{"agent_id":"sibling","ttl":3600}""");
        using var outer = Worker.Start(mesh, "outer", $"session-mesh run --agent-id inner -- sh -c 'echo $$ > inner; {Loop}' & sleep 1000");
        var (outerKey, innerKey) = await BothAsync(outer, "inner");

        Assert.Equal("outer", (await mesh.Http.GetAsync("agents/inner")).Text("parent_id"));
        var (of, below) = (await mesh.Http.GetAsync($"keys/{IdOf(outerKey)}"), await mesh.Http.GetAsync($"keys/{IdOf(innerKey)}"));
        Assert.Equal(IdOf(outerKey), below.Text("parent_id"));
        Assert.Equal(["subtree:outer"], Words(of, "within"));
        Assert.Equal(["subtree:inner", "subtree:outer"], Words(below, "within"));
        Assert.Equal(["registry:write", "keys:mint", "agent:self"], Words(below, "scopes"));

        using var inner = new MeshHttp(mesh.Server.Url, innerKey);
        Assert.Equal(200, (await inner.PostAsync("agents/inner/heartbeat", """{"activity":"working"}""")).Status);
        foreach (var beyond in new[] { "sibling", "outer" })
        {
            Assert.Equal(404, (await inner.PostAsync($"agents/{beyond}/heartbeat")).Status);
            Assert.Equal(403, (await inner.GetAsync($"agents/{beyond}")).Status);
            Assert.Equal(404, (await inner.GetAsync($"agents/{beyond}/directives")).Status);
            Assert.Equal(404, (await inner.PostAsync($"agents/{beyond}/exit", """{"incarnation":1}""")).Status);
            Assert.Equal(403, (await inner.DeleteAsync($"agents/{beyond}")).Status);
            Assert.Equal(403, (await inner.PostAsync("agents", $$"""{"agent_id":"{{beyond}}"}""")).Status);
            Assert.Equal(404, (await inner.PostAsync("keys", $$"""{"agent_id":"{{beyond}}"}""")).Status);
        }

        Assert.Equal(404, (await inner.DeleteAsync($"keys/{IdOf(outerKey)}")).Status);
        Assert.Equal(403, (await inner.GetAsync("alive")).Status);
        Assert.Equal(403, (await inner.PostAsync("keys", """{"scopes":["steer"]}""")).Status);

        await mesh.DoneAsync("session-mesh kill --agent-id outer --yes --grace 30s");
        Assert.Equal(143, await outer.ExitAsync());
        foreach (var agent in new[] { "outer", "inner" })
        {
            await mesh.Http.AgentAsync(agent, IsDeadWithProof, $"is dead with proof\n{outer.Runner.Error}");
        }

        Assert.Empty(outer.Processes());
        foreach (var key in new[] { outerKey, innerKey })
        {
            using var over = new MeshHttp(mesh.Server.Url, key);
            Assert.Equal(401, (await over.GetAsync("keys/self")).Status);
        }
    }

    [Fact]
    public async Task ScopesGivenToTheOuter_AreForItsOwnSubtree()
    {
        await mesh.Http.PostAsync("agents", """{"agent_id":"bystander","ttl":3600}""");
        using var outer = Worker.Start(
            mesh, "chief",
            "session-mesh run --agent-id hand --on-steer 'echo \"$SESSION_MESH_DIRECTION\" >> steered' "
            + $"-- sh -c 'echo $$ > hand; {Loop}' & sleep 1000",
            "--scope", "kill", "--scope", "steer", "--scope", "mesh:read");
        var (key, _) = await BothAsync(outer, "hand");
        await mesh.Http.AgentAsync("hand", agent => agent.Text("connected") == "true", "listens");

        Task<Ran> AsOuter(string line) => mesh.BashAsync(line, ("SESSION_API_KEY", key), ("SESSION_MESH_AGENT_ID", "chief"));
        var listed = await AsOuter("session-mesh list -o name");
        Assert.Equal(["chief", "hand"], listed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal(0, (await AsOuter("session-mesh steer hand --direction west --wait acknowledged")).Code);
        Assert.Equal(["west"], await Eventually.Lines(outer.File("steered")));
        foreach (var line in new[] { "steer bystander --direction west", "kill bystander --force", "show bystander", "history bystander" })
        {
            var ran = await AsOuter("session-mesh " + line);
            Assert.True(ran.Code == 3 && ran.Error.Contains("agent_not_found", StringComparison.Ordinal), $"{line}: {ran}");
        }

        Assert.Equal("alive", (await mesh.Http.GetAsync("agents/bystander")).Text("status"));
        var killed = await AsOuter("session-mesh kill hand --yes --grace 20s --wait 30s");
        Assert.True(killed.Code == 0, killed.ToString());
        await mesh.Http.AgentAsync("hand", IsDeadWithProof, "is dead with proof");
        Assert.Equal("alive", (await mesh.Http.GetAsync("agents/chief")).Text("status"));
        await outer.KilledAsync("--force", exitCode: 137, signal: "KILL");
    }

    [Fact]
    public async Task NoSubAgents_ARunInsideIsRefused()
    {
        using var outer = Worker.Start(
            mesh, "alone", "session-mesh run --agent-id never -- true 2> refused; echo $? > code; " + Loop, "--no-sub-agents");
        await outer.AliveAsync();

        Assert.Equal(["125"], await Eventually.Lines(outer.File("code")));
        Assert.Equal(404, (await mesh.Http.GetAsync("agents/never")).Status);
        await outer.KilledAsync("--force", exitCode: 137, signal: "KILL");
    }

    /// <summary>Waits for both, and gives the keys that are in their processes' environments.</summary>
    private static async Task<(string Outer, string Inner)> BothAsync(Worker outer, string inner)
    {
        await outer.AliveAsync();
        var pid = int.Parse((await Eventually.Lines(outer.File(inner)))[0], System.Globalization.CultureInfo.InvariantCulture);
        return (KeyOf(outer.Pid), KeyOf(pid));
    }

    private static bool IsDeadWithProof(Answer agent) =>
        agent.Json.GetProperty("last_exit") is { ValueKind: JsonValueKind.Object } exit && exit.Text("confirmed") == "true";

    private static string KeyOf(int pid) =>
        ProcessInfo.EnvironmentOf(pid)
            .Single(variable => variable.StartsWith("SESSION_API_KEY=", StringComparison.Ordinal))
            .Split('=', 2)[1];

    private static string IdOf(string key) => key.Split('_')[1];

    private static IEnumerable<string?> Words(Answer answer, string member) =>
        answer.Json.GetProperty(member).EnumerateArray().Select(word => word.GetString());
}
