using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Mcp;

/// <summary>Real coding agents that were given the mesh's tools by the lines of docs/mcp.md. Their models are scripted.</summary>
public sealed class ProgramTests(Mesh mesh) : IClassFixture<Mesh>
{
    private static readonly string s_document = File.ReadAllText(Path.Combine(Built.Repository, "docs", "mcp.md"));

    [SkippableTheory]
    [InlineData("claude mcp add session-mesh -- session-mesh mcp")]
    [InlineData("""
        claude mcp add --transport http session-mesh http://127.0.0.1:7420/mcp --header 'Authorization: Bearer ${SESSION_API_KEY}'
        """)]
    public async Task Claude_ListsAgents_AndSteersOne(string line)
    {
        var steer = new ScriptedSteer(mesh);
        var program = await AgentPrograms.ClaudeAsync();
        using var agent = await CodingAgent.PrepareAsync(
            mesh, await steer.PrepareAsync("mcp__session-mesh__"), $"claude() {{ '{program}' \"$@\"; }}; {OfDocument(line)}",
            (_, model) => new()
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
        await steer.AssertDoneAsync(agent, await claude.EndAsync());
        Assert.Contains("control plane of a fleet of agents", agent.Model.Requests("main")[0], StringComparison.Ordinal);
        Assert.DoesNotContain(
            mesh.Server.RootKey, await File.ReadAllTextAsync(Path.Combine(agent.Home, ".claude.json")), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("""
        codex mcp add session-mesh -- session-mesh mcp
        echo 'env_vars = ["SESSION_API_KEY", "SESSION_MESH_URL"]' >> ~/.codex/config.toml
        """)]
    [InlineData("codex mcp add session-mesh --url http://127.0.0.1:7420/mcp --bearer-token-env-var SESSION_API_KEY")]
    public async Task Codex_ListsAgents_AndSteersOne(string line)
    {
        var steer = new ScriptedSteer(mesh);
        var program = await AgentPrograms.CodexAsync();
        using var agent = await CodingAgent.PrepareAsync(
            mesh, await steer.PrepareAsync("mcp__session_mesh::"), $"codex() {{ '{program}' \"$@\"; }}; {OfDocument(line)}",
            (home, model) =>
            {
                var codex = Directory.CreateDirectory(Path.Combine(home, ".codex")).FullName;
                File.WriteAllText(Path.Combine(codex, "config.toml"), $"""
                    model = "gpt-5.1-codex"
                    model_provider = "standin"
                    [model_providers.standin]
                    name = "standin"
                    base_url = "http://127.0.0.1:{model.Port}/v1"
                    wire_api = "responses"
                    """);
                return new() { ["CODEX_HOME"] = codex };
            });
        using var codex = agent.Start(
            program, "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "MAINTASK work");
        await steer.AssertDoneAsync(agent, await codex.EndAsync());
    }

    [AgentFact]
    public Task Gemini_OverStdio_ListsAgents_AndSteersOne() => WithGeminiAsync("""
        gemini mcp add -e 'SESSION_API_KEY=$SESSION_API_KEY' -e 'SESSION_MESH_URL=$SESSION_MESH_URL' -s user session-mesh session-mesh mcp
        """);

    [AgentFact]
    public Task Gemini_OverHttp_ListsAgents_AndSteersOne() => WithGeminiAsync("""
        gemini mcp add -s user -t http session-mesh http://127.0.0.1:7420/mcp -H 'Authorization: Bearer $SESSION_API_KEY'
        """);

    /// <summary>By a file; it asks nobody.</summary>
    [AgentFact]
    public async Task Opencode_ListsAgents_AndSteersOne()
    {
        const string Server = """{"session-mesh": {"type": "local", "command": ["session-mesh", "mcp"]}}""";
        var steer = new ScriptedSteer(mesh);
        var program = await AgentPrograms.OpencodeAsync();
        using var agent = await CodingAgent.PrepareAsync(
            mesh, await steer.PrepareAsync("session-mesh_"), "true",
            (home, model) =>
            {
                var settings = Directory.CreateDirectory(Path.Combine(home, ".config", "opencode")).FullName;
                File.WriteAllText(Path.Combine(settings, "opencode.json"), $$"""
                    {"autoupdate":false,"share":"disabled","model":"standin/stub","small_model":"standin/stub","permission":{"*":"allow"},
                     "provider":{"standin":{"npm":"@ai-sdk/openai-compatible","name":"standin","models":{"stub":{"name":"stub"} },
                       "options":{"baseURL":"http://127.0.0.1:{{model.Port}}/v1","apiKey":"dummy"} } },
                     "mcp": {{OfDocument(Server)}} }
                    """);
                return new() { ["OPENCODE_DISABLE_AUTOUPDATE"] = "1", ["OPENCODE_DISABLE_MODELS_FETCH"] = "1" };
            });
        using var opencode = agent.Start(program, "run", "MAINTASK work");
        await steer.AssertDoneAsync(agent, await opencode.EndAsync());
    }

    private async Task WithGeminiAsync(string line)
    {
        var steer = new ScriptedSteer(mesh);
        var program = await AgentPrograms.GeminiAsync();
        using var agent = await CodingAgent.PrepareAsync(
            mesh, await steer.PrepareAsync("mcp_session-mesh_"), $"gemini() {{ node '{program}' \"$@\"; }}; {OfDocument(line)}",
            (home, model) =>
            {
                var settings = Directory.CreateDirectory(Path.Combine(home, ".gemini")).FullName;
                File.WriteAllText(Path.Combine(settings, "settings.json"), """
                    {"general":{"disableAutoUpdate":true},"privacy":{"usageStatisticsEnabled":false},
                     "security":{"auth":{"selectedType":"gemini-api-key"},"folderTrust":{"enabled":false}}}
                    """);
                return new()
                {
                    ["GEMINI_API_KEY"] = "dummy",
                    ["GOOGLE_GEMINI_BASE_URL"] = $"http://127.0.0.1:{model.Port}",
                };
            });
        using var gemini = agent.Start("node", program, "-m", "gemini-2.5-flash", "--approval-mode", "yolo", "-p", "MAINTASK work");
        await steer.AssertDoneAsync(agent, await gemini.EndAsync());
    }

    /// <summary>The line, which has to stand in the document, with this mesh's address.</summary>
    private string OfDocument(string line)
    {
        Assert.All(line.Split('\n'), each => Assert.Contains(each.Trim(), s_document, StringComparison.Ordinal));
        return line.Replace("http://127.0.0.1:7420", mesh.Server.Url, StringComparison.Ordinal);
    }
}
