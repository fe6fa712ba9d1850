using SessionMesh.Cli.Tests.Run;

namespace SessionMesh.Cli.Tests.Commands;

/// <summary>The beginning of an id, where it is the only one that begins so and a terminal shows which one is meant.</summary>
public sealed class AgentPrefixTests : IAsyncLifetime
{
    private readonly HostedServer _server = new();

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        foreach (var id in new[] { "lead-1", "worker-1", "worker-2", "worker-23", "w" })
        {
            await _server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}","ttl":600}""");
        }
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("show lea", "lead-1", 0)]
    [InlineData("history le", "lead-1", 0)]
    [InlineData("tree l", "lead-1", 0)]
    [InlineData("steer le -d west", "lead-1", 0)]
    [InlineData("pause worker-1", null, 0)]
    [InlineData("pause l --detach", "lead-1", 0)]
    [InlineData("move l --parent w", "lead-1", 0)]
    [InlineData("show worker-23", null, 0)]
    [InlineData("show worker-2", null, 0)] // another one begins so, and it is an id itself
    [InlineData("kill lead", "lead-1", 1)] // the question names it, and the answer is no
    public async Task OnATerminal_TheOnlyOneThatBeginsSo_IsMeant(string line, string? full, int code)
    {
        if (line == "pause worker-1")
        {
            line += " --detach";
        }

        var ran = await RunAsync(line, typed: "n");
        Assert.True(ran.Code == code, ran.Error);
        Assert.Equal(full is not null, ran.Error.Contains("the only one whose id begins with", StringComparison.Ordinal));
        Assert.Contains(full ?? "", ran.Error + ran.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("show work", 3, "no agent is 'work', and several begin so: worker-1, worker-2, worker-23")]
    [InlineData("kill worker --grace 3", 3, "no agent is 'worker', and several begin so: worker-1, worker-2, worker-23")]
    [InlineData("show x", 3, "No agent 'x' is known")]
    [InlineData("kill lead --yes", 3, "No agent 'lead' is known")] // nobody is asked
    [InlineData("kill lead --force", 3, "No agent 'lead' is known")]
    [InlineData("show lea -o json", 3, "No agent 'lea' is known")] // a program reads it
    public async Task WhereItIsNotClearWhoIsMeant_NobodyIs(string line, int code, string why)
    {
        var ran = await RunAsync(line, typed: "y");
        Assert.Equal(code, ran.Code);
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Equal("alive", (await _server.CallAsync(HttpMethod.Get, "agents/lead-1"))!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task WithoutATerminal_AnIdIsAnId()
    {
        var ran = await RunAsync("show lea", typed: null);
        Assert.Equal(3, ran.Code);
        Assert.Contains("No agent 'lea' is known", ran.Error, StringComparison.Ordinal);
    }

    private async Task<Ran> RunAsync(string line, string? typed)
    {
        using var tool = new Tool { Width = typed is null ? null : 100, Typed = typed };
        tool.Env["SESSION_MESH_URL"] = _server.Url.ToString();
        tool.Env["NO_COLOR"] = "1";
        tool.Env["SESSION_API_KEY"] = _server.RootKey;
        using var handler = new SocketsHttpHandler();
        return await tool.RunAsync(line, handler);
    }
}
