using SessionMesh.Cli.Run;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>What is asked for when the key of a process is minted.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ChildKeyTests
{
    private static readonly RunOptions s_plain = Running.Sh("exit 0");

    [Theory]
    [InlineData("admin", """{"scopes":["registry:write","keys:mint"],"agent_id":"a1"}""")]
    [InlineData("registry:write,keys:mint", """{"scopes":["registry:write","keys:mint"],"agent_id":"a1"}""")]
    [InlineData("registry:write,mesh:read", """{"agent_id":"a1"}""")]
    [InlineData("keys:mint", """{"agent_id":"a1"}""")]
    [InlineData(null, """{"agent_id":"a1"}""")]
    public Task SubAgents_AreAllowedAsFarAsTheRunnersKeyAllows(string? own, string asked) => AsksAsync(own, s_plain, asked);

    [Fact]
    public Task NoSubAgents_IsAPlainKey() => AsksAsync("admin", s_plain with { SubAgents = false }, """{"agent_id":"a1"}""");

    [Fact]
    public Task Scopes_ComeBesideThoseForSubAgents() =>
        AsksAsync(
            "admin",
            s_plain with { Scopes = ["kill", "keys:mint"] },
            """{"scopes":["kill","keys:mint","registry:write"],"agent_id":"a1"}""");

    [Fact]
    public Task Within_GivesWhatWasAskedForAndNoMore() =>
        AsksAsync(
            "admin",
            s_plain with { Scopes = ["mesh:read"], Within = ["cluster:c"] },
            """{"scopes":["mesh:read"],"within":["cluster:c"],"agent_id":"a1"}""");

    [Fact]
    public async Task KeyThatEndsBeforeTheAgent_IsWarnedAboutOnce()
    {
        var mesh = new FakeMesh { KeyEnds = "2030-01-01T01:00:00Z" };
        var run = new Running(
            mesh,
            Running.Sh("exit 3") with
            {
                Restart = new RestartPolicy(RestartMode.OnFailure, 1),
                RestartDelay = TimeSpan.FromMilliseconds(1),
            });

        Assert.Equal(3, await run.Ends);

        Assert.Equal(2, mesh.Bodies("/keys").Count);
        Assert.Single(
            run.Lines, line => line.StartsWith("the process's own key expires at 2030-01-01 01:00:00Z", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Within_WithoutScope_IsRefused()
    {
        using var tool = new Tool();

        var ran = await tool.RunAsync("run --within cluster:c -- true");

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("--within says which agents --scope is for", ran.Error, StringComparison.Ordinal);
    }

    private static async Task AsksAsync(string? own, RunOptions options, string asked)
    {
        var mesh = new FakeMesh { OwnScopes = own?.Split(',') };
        Assert.Equal(0, await new Running(mesh, options).Ends);
        Assert.Equal(asked, mesh.Bodies("/keys").Single().ToJsonString());
    }
}
