using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Mcp;

/// <summary>The real Claude Code, which was given the mesh's tools as docs/mcp.md says. Its model is scripted.</summary>
public sealed class ClaudeCodeToolTests(Mesh mesh) : IClassFixture<Mesh>
{
    [SkippableTheory]
    [InlineData("claude mcp add session-mesh -- session-mesh mcp")]
    [InlineData(
        """claude mcp add --transport http session-mesh "$SESSION_MESH_URL/mcp" --header "Authorization: Bearer $SESSION_API_KEY" """)]
    public async Task Model_ListsAgents_AndSteersOne(string add)
    {
        var worker = "worker-" + (add.Contains("http", StringComparison.Ordinal) ? "http" : "stdio");
        await mesh.Http.PostAsync("agents", $$"""{"agent_id":"{{worker}}","ttl":600}""");
        var program = await AgentPrograms.ClaudeAsync();
        using var agent = await CodingAgent.PrepareAsync(
            mesh,
            $$"""
            {"main":[{"tool":"mcp__session-mesh__list_agents","input":{"q":"{{worker}}"} },
                     {"tool":"mcp__session-mesh__steer_agent",
                      "input":{"agent_id":"{{worker}}","direction":"west","message":"by a model"} },
                     {"text":"finished"}]}
            """,
            $"claude() {{ '{program}' \"$@\"; }}; {add}",
            (_, model) => new Dictionary<string, string>
            {
                ["ANTHROPIC_BASE_URL"] = $"http://127.0.0.1:{model.Port}",
                ["ANTHROPIC_API_KEY"] = "dummy",
                ["DISABLE_AUTOUPDATER"] = "1",
                ["DISABLE_TELEMETRY"] = "1",
                ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
                ["MCP_CONNECTION_NONBLOCKING"] = "false", // else the model may be asked before the tools are there
            });
        using var claude = agent.Start(
            program, "-p", "MAINTASK work", "--allowedTools", "mcp__session-mesh__list_agents,mcp__session-mesh__steer_agent");
        var ran = await claude.EndAsync();

        Assert.Equal((0, "finished\n"), (ran.Code, ran.Out));
        var requests = agent.Model.Requests("main");
        Assert.Equal(3, requests.Count);
        Assert.Contains("mcp__session-mesh__kill_agent", requests[0], StringComparison.Ordinal); // offered; nothing allows it
        Assert.Contains("control plane of a fleet of agents", requests[0], StringComparison.Ordinal); // the server's instructions
        Assert.Contains($"agent_id\\u0022:\\u0022{worker}", requests[1], StringComparison.Ordinal);
        var directive = Assert.Single(
            (await mesh.Http.GetAsync($"agents/{worker}/directives")).Json.GetProperty("directives").EnumerateArray());
        Assert.Equal(("west", "by a model"), (directive.Text("direction"), directive.Text("message")));
        Assert.Contains(directive.Text("directive_id")!, requests[2], StringComparison.Ordinal);
    }
}
