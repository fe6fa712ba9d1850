using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>The real OpenClaw: its sessions are seen, steered, held and stopped, and it is not changed for that.</summary>
public sealed class OpenclawTests(OpenclawGateway gateway) : IClassFixture<OpenclawGateway>
{
    [AgentFact]
    public async Task Session_IsListed_WithItsSubAgentBelow()
    {
        var (turn, id) = await gateway.BeginAsync("listed");
        using var _ = turn;
        Assert.Matches("^openclaw-[0-9a-f]{8}$", id);
        System.Text.Json.JsonElement child = default;
        await Patience.ForAsync(
            async () => (child = (await gateway.AgentsAsync()).FirstOrDefault(row => row.Text("parent_id") == id)).ValueKind
                == System.Text.Json.JsonValueKind.Object && child.Text("activity") == "working",
            () => "a sub-agent works below the session");
        Assert.Matches($"^{id}\\.[0-9a-f]{{8}}$", child.Text("agent_id"));
        Members.Equal("""["main"]""", child.GetProperty("specializations"));
        Members.Equal(
            $$"""{"agent": "openclaw", "project": "work", "host": "{{Environment.MachineName}}", "name": "helper"}""",
            child.GetProperty("labels"));

        var session = (await RowAsync(id)).Json;
        Assert.Equal("working", session.Text("activity"));
        Assert.Equal("exec", session.Text("note"));
        gateway.Touch("listed.go");
        await Patience.ForAsync(
            async () => (await RowAsync(child.Text("agent_id")!)).Text("status") == "dead", () => "the sub-agent ends");
        await Patience.ForAsync(
            async () => (await RowAsync(id)).Text("activity") == "waiting", () => "the session waits");
    }

    [AgentFact]
    public async Task Steer_InMidTurn_IsInTheNextRequest_AndThenAcknowledged()
    {
        var (turn, id) = await gateway.BeginAsync("steered");
        using var _ = turn;
        await gateway.Mesh.DoneAsync($"session-mesh steer {id} --direction east --message 'take the short way'");
        Assert.Equal("queued", await StateAsync(id));
        gateway.Touch("steered.go");
        await Patience.ForAsync(async () => await StateAsync(id) == "acknowledged", () => $"the steer is acknowledged\n{gateway.Printed}");

        var asked = gateway.Standin.Requests("steered");
        Assert.Equal(2, asked.Count);
        Assert.DoesNotContain("take the short way", asked[0], StringComparison.Ordinal);
        Assert.Contains("take the short way", asked[1], StringComparison.Ordinal);
        await turn.EndAsync();
    }

    [AgentFact]
    public async Task Steer_ToAnIdleSession_WakesIt()
    {
        var (turn, id) = await gateway.BeginAsync("woken");
        await turn.EndAsync();
        await gateway.Mesh.DoneAsync(
            $"session-mesh steer {id} --direction north --message 'wake and look' --wait acknowledged --timeout 60");
        Assert.Contains("wake and look", gateway.Standin.Requests("woken")[^1], StringComparison.Ordinal);
    }

    [AgentFact]
    public async Task Pause_HoldsTheNextToolCall_UntilResumed()
    {
        var (turn, id) = await gateway.BeginAsync("held");
        using var _ = turn;
        await Patience.ForAsync(
            async () => (await RowAsync(id)).Text("note") == "exec", () => "the first tool runs");
        await gateway.Mesh.Http.PostAsync("steer", $$"""{"agent_id": "{{id}}", "verb": "pause"}""");
        gateway.Touch("held.go");
        var paused = await gateway.Mesh.Http.AgentAsync(
            id, row => row.Text("paused") == "true" && row.Text("activity") == "waiting", "is paused");
        Assert.Equal("paused before exec", paused.Text("note"));
        Assert.False(gateway.Exists("held.done"));
        await gateway.Mesh.DoneAsync($"session-mesh resume {id}");
        await Patience.ForAsync(() => gateway.Exists("held.done"), () => "the held tool runs");
        await turn.EndAsync();
    }

    [AgentFact]
    public async Task Kill_EndsTheSession_ItsSubAgents_AndEveryProcess_AndItComesBackWhenSpokenTo()
    {
        var (turn, id) = await gateway.BeginAsync("killed");
        using var _ = turn;
        int[] all = [18101, 18102, 18103, 18104, 18105];
        await Patience.ForAsync(
            () => all.All(each => OpenclawGateway.Sleeping(each).Count > 0),
            () => $"they run: {string.Join('\n', OpenclawGateway.Sleeping(all))}");
        Assert.DoesNotContain(OpenclawGateway.Sleeping(all), process => HasKey(process.Pid));
        Assert.False(HasKey(gateway.Pid));

        var killed = await gateway.Mesh.DoneAsync($"session-mesh kill {id} --yes -o json");
        Assert.Empty(OpenclawGateway.Sleeping(all));
        Assert.Equal("dead", killed.Json.Text("status"));
        Assert.Equal("true", killed.Json.Text("confirmed"));
        Assert.Equal("stopped; no process of it is left", (await RowAsync(id)).Json.GetProperty("last_exit").Text("reason"));
        Assert.DoesNotContain(await gateway.AgentsAsync(), row => row.Text("agent_id")!.StartsWith(id, StringComparison.Ordinal));
        await turn.EndAsync();

        // The first may be taken for what the session left behind.
        await Patience.ForAsync(
            async () =>
            {
                using var again = gateway.Say("killed", "TASK-woken");
                await Patience.ForAsync(() => again.HasExited, () => again.Out);
                return await RowAsync(id) is { } row && row.Text("status") == "alive" && row.Number("incarnation") == 2;
            },
            () => $"it lives again\n{gateway.Printed}");
    }

    [AgentFact]
    public async Task Kill_OfASubAgent_LeavesItsParent()
    {
        var (turn, id) = await gateway.BeginAsync("parent");
        using var _ = turn;
        await Patience.ForAsync(() => OpenclawGateway.Sleeping(18201).Count > 0, () => "the child's tool runs");
        var child = (await gateway.AgentsAsync()).Single(row => row.Text("parent_id") == id).Text("agent_id");
        await gateway.Mesh.DoneAsync($"session-mesh kill {child} --yes");
        Assert.Empty(OpenclawGateway.Sleeping(18201));
        Assert.Equal("alive", (await RowAsync(id)).Text("status"));
        gateway.Touch("parent.go");
        await Patience.ForAsync(() => gateway.Exists("parent.done"), () => "the parent goes on");
        await turn.EndAsync();
    }

    [AgentFact]
    public async Task MeshAway_TheSessionGoesOn_AndIsToldOnce()
    {
        var (turn, _) = await gateway.BeginAsync("alone");
        using var ending = turn;
        await gateway.Mesh.Server.KillAsync();
        await Patience.ForAsync(
            () => gateway.Printed.Contains("the mesh cannot be reached", StringComparison.Ordinal), () => gateway.Printed);
        gateway.Touch("alone.go");
        await Patience.ForAsync(() => gateway.Exists("alone.done"), () => "the session goes on");
        await turn.EndAsync();
        var last = gateway.Standin.Requests("alone")[^1];
        Assert.Equal(2, last.Split("[Session Mesh] The mesh cannot be reached").Length);

        await gateway.Mesh.Server.StartAsync();
        await Patience.ForAsync(
            () => gateway.Printed.Contains("the mesh is reached again", StringComparison.Ordinal), () => "the plugin comes back");
    }

    private static bool HasKey(int pid) =>
        ProcessInfo.EnvironmentOf(pid).Any(variable => variable.Contains("smk_", StringComparison.Ordinal));

    private Task<Answer> RowAsync(string id) => gateway.Mesh.Http.GetAsync($"agents/{id}");

    private async Task<string?> StateAsync(string id) =>
        (await gateway.Mesh.Http.GetAsync($"agents/{id}/directives/history")).Json.GetProperty("directives")[0].Text("state");
}
