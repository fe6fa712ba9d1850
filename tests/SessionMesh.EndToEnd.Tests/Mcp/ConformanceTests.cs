using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Mcp;

/// <summary>The official conformance suite of MCP against <c>/mcp</c>: the scenarios that need no fixture tools.</summary>
public sealed class ConformanceTests(Mesh mesh) : IClassFixture<Mesh>
{
    [SkippableTheory]
    [InlineData("server-initialize")]
    [InlineData("ping")]
    [InlineData("tools-list")]
    [InlineData("dns-rebinding-protection")]
    [InlineData("server-sse-multiple-streams")]
    public async Task Scenario_Passes_WithoutAWarning(string scenario)
    {
        var (node, script) = await AgentPrograms.McpConformanceAsync();
        using var proxy = new KeyProxy(mesh.Server.Url, mesh.Server.RootKey);
        using var suite = new Started(
            node, [script, "server", "--url", $"http://localhost:{proxy.Port}/mcp", "--scenario", scenario], mesh.Environment(),
            mesh.Scratch.Root);
        var ran = await suite.EndAsync();
        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Contains("0 failed, 0 warnings", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Passed: 0/0", ran.Out, StringComparison.Ordinal);
    }
}
