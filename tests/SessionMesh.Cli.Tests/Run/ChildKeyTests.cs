using System.Text.Json.Nodes;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Tests.Run.Process;
using SessionMesh.Client;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>What is asked for when the key of a process is minted.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ChildKeyTests(HostedServer server)
{
    private static readonly RunOptions s_plain = Running.Sh("exit 0");

    [Theory]
    [InlineData("admin", "registry:write,keys:mint")]
    [InlineData("registry:write,keys:mint,steer", "registry:write,keys:mint")]
    public Task SubAgents_AreAllowedAsFarAsTheRunnersKeyAllows(string own, string? asked) => AsksAsync(own, s_plain, asked);

    /// <summary>The process does not start, and the agent that was registered for it is not left behind.</summary>
    [Fact]
    public async Task RunnersKeyThatMayNotMint_StartsNothing()
    {
        var mesh = new HostedMesh(server) { Scopes = ["registry:write", "mesh:read"] };
        var refused = await Assert.ThrowsAsync<MeshException>(() => new Running(mesh, s_plain).Ends);
        Assert.Equal("This key lacks the scope keys:mint. Use a key that has it.", refused.Message);
        Assert.NotNull(mesh.Exit);
        Assert.Equal("dead", (await server.CallAsync(HttpMethod.Get, "agents/" + mesh.AgentId))!["status"]!.GetValue<string>());
    }

    [Fact]
    public Task NoSubAgents_IsAPlainKey() => AsksAsync("admin", s_plain with { SubAgents = false }, null);

    [Fact]
    public Task Scopes_ComeBesideThoseForSubAgents() =>
        AsksAsync("admin", s_plain with { Scopes = ["kill", "keys:mint"] }, "kill,keys:mint,registry:write");

    [Fact]
    public Task Within_GivesWhatWasAskedForAndNoMore() =>
        AsksAsync("admin", s_plain with { Scopes = ["mesh:read"], Within = ["cluster:c"] }, "mesh:read", "cluster:c");

    /// <summary>A server that does not know what a key may: nothing is asked for that it could refuse.</summary>
    [Fact]
    public async Task ServerWithoutKeysSelf_APlainKeyIsAskedFor()
    {
        var mesh = new FakeMesh();
        Assert.Equal(0, await new Running(mesh, s_plain).Ends);
        Assert.Equal("""{"agent_id":"a1"}""", mesh.Bodies("/keys").Single().ToJsonString());
    }

    [Fact]
    public async Task KeyThatEndsBeforeTheAgent_IsWarnedAboutOnce()
    {
        var mesh = new HostedMesh(server);
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
            run.Lines, line => line.StartsWith($"the process's own key expires at {mesh.RunnersKeyEnds:u}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Within_WithoutScope_IsRefused()
    {
        using var tool = new Tool();

        var ran = await tool.RunAsync("run --within cluster:c -- true");

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("--within says which agents --scope is for", ran.Error, StringComparison.Ordinal);
    }

    /// <param name="asked">The scopes of the body; null for none, which is what an agent needs for itself.</param>
    private async Task AsksAsync(string own, RunOptions options, string? asked, string? within = null)
    {
        var mesh = new HostedMesh(server) { Scopes = own.Split(',') };
        Assert.Equal(0, await new Running(mesh, options).Ends);
        var body = new JsonObject();
        if (asked is not null)
        {
            body["scopes"] = Array(asked);
        }

        if (within is not null)
        {
            body["within"] = Array(within);
        }

        body["agent_id"] = mesh.AgentId;
        Assert.Equal(body.ToJsonString(), mesh.Bodies("/keys").Single().ToJsonString());
    }

    private static JsonArray Array(string names) => new([.. names.Split(',').Select(name => (JsonNode)name)]);
}
