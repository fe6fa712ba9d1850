using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Contract;

/// <summary>Exit codes, and where the words go.</summary>
public sealed class CliErrorTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Theory]
    [InlineData("keys")]
    [InlineData("lst")]
    [InlineData("list --fliter alive")]
    [InlineData("list --filter asleep")]
    [InlineData("list --limit 0")]
    [InlineData("list --url not-a-url")]
    [InlineData("steer --agent-id 123")]
    [InlineData("steer --agent-id 123 --direction")]
    [InlineData("steer --agent-id 'a b' --direction west")]
    [InlineData("steer --direction west")]
    [InlineData("kill --agent-id 1 --force --grace 3")]
    [InlineData("register --config no-such-file.yaml")]
    [InlineData("load-config")]
    [InlineData("run")]
    [InlineData("run --on-steer x --steer-file y -- true")]
    [InlineData("simulate")]
    [InlineData("ack --agent-id 1 --seq nothing")]
    [InlineData("@response-file")]
    public async Task UsageError_Is2OnStderr(string arguments)
    {
        var ran = await mesh.BashAsync($"session-mesh {arguments}");
        Assert.True(ran is { Code: 2, Out: "" }, ran.ToString());
        Assert.NotEqual("", ran.Error);
    }

    [Fact]
    public async Task UsageError_OfAWordNearlyRight_IsAskedAbout()
    {
        var ran = await mesh.BashAsync("session-mesh lst");
        Assert.Contains("did you mean 'list'?", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kill_WithoutATerminal_RefusesAndNamesTheFlags()
    {
        await mesh.Http.PostAsync("registry", """{"specialization":"s","agent_id":"asked"}""");
        var ran = await mesh.BashAsync("session-mesh kill --agent-id asked");
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("--yes", ran.Error, StringComparison.Ordinal);
        Assert.Contains("--force", ran.Error, StringComparison.Ordinal);
        Assert.Equal("alive", (await mesh.Http.GetAsync("agents/asked")).Text("status"));
    }

    [Theory]
    [InlineData("kill --agent-id nobody --force")]
    [InlineData("steer --agent-id nobody --direction west")]
    [InlineData("show nobody")]
    public async Task UnknownAgent_Is3(string arguments)
    {
        var ran = await mesh.BashAsync($"session-mesh {arguments}");
        Assert.Equal((3, ""), (ran.Code, ran.Out));
        Assert.Matches(
            @"^error: cannot .*\n  why: No agent 'nobody' is known\. \(404 agent_not_found\)\n"
            + @"  try: session-mesh list --filter all shows who is known; .*\n  request: \S+\n$",
            ran.Error);
    }

    [Fact]
    public async Task InvalidKey_Is4AndSaysHowToGetANewOne()
    {
        var ran = await mesh.BashAsync("export SESSION_API_KEY=your_key\nsession-mesh list --filter alive --output json");
        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Members.Equal("""
            {"type":"urn:session-mesh:error:unauthenticated","title":"Unauthorized","status":401,"detail":"<text>","code":"unauthenticated",
             "request_id":"<text>"}
            """, ran.Error);
        Assert.Contains("session-mesh keys create", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("your_key", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SteeringTheDead_Is5()
    {
        await mesh.Http.PostAsync("agents", """{"agent_id":"gone"}""");
        await mesh.Http.PostAsync("agents/gone/exit", """{"incarnation":1,"exit_code":0}""");
        var ran = await mesh.BashAsync("session-mesh steer --agent-id gone --direction west");
        Assert.Equal((5, ""), (ran.Code, ran.Out));
        Assert.Contains("--hold", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run --help")]
    [InlineData("version")]
    public async Task Help_Is0OnStdout(string arguments)
    {
        var ran = await mesh.DoneAsync($"session-mesh {arguments}");
        Assert.NotEqual("", ran.Out);
        Assert.Equal("", ran.Error);
    }
}
