using SessionMesh.Cli.Tests.Run;

namespace SessionMesh.Cli.Tests.Links;

/// <summary><c>link</c>, <c>link --list</c> and <c>unlink</c>, against the real server.</summary>
public sealed class LinkCommandTests : IAsyncLifetime
{
    private readonly HostedServer _server = new();
    private readonly SocketsHttpHandler _http = new();
    private readonly Tool _tool = new() { Clock = TimeProvider.System };

    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        _tool.Env["SESSION_MESH_URL"] = _server.Url.ToString();
        _tool.Env["SESSION_API_KEY"] = _server.RootKey;
        foreach (var id in (string[])["a", "b", "c"])
        {
            await _server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}"}""");
        }
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _http.Dispose();
        _tool.Dispose();
    }

    [Fact]
    public async Task Link_IsDeclared_Listed_AndRemoved()
    {
        Assert.Equal(
            new Ran(0, "FROM  TO  KIND  WEIGHT\na     b   link       1\n", ""),
            await RunAsync("link a b --fields from,to,kind,weight -o table"));
        Assert.Equal(new Ran(0, "a\n", ""), await RunAsync("link a c --kind sends-to --weight 2.5 -o name"));
        Assert.Equal(new Ran(0, "c\n", ""), await RunAsync("link c a -o name"));
        Assert.Equal(
            new Ran(0, "from,to,kind,weight\r\na,b,link,1\r\na,c,sends-to,2.5\r\nc,a,link,1\r\n", ""),
            await RunAsync("link --list --fields from,to,kind,weight -o csv"));
        Assert.Equal(
            new Ran(0, "from,to\r\na,c\r\nc,a\r\n", ""), await RunAsync("link --list --agent-id c --fields from,to -o csv"));
        Assert.Equal(new Ran(0, "from,to\r\na,c\r\n", ""), await RunAsync("link --list --kind sends-to --fields from,to -o csv"));

        // Said again without a weight it stays as it is; with another one it changes.
        Assert.Equal(new Ran(0, "weight\r\n1\r\n", ""), await RunAsync("link a b --fields weight -o csv"));
        Assert.Equal(new Ran(0, "weight\r\n0\r\n", ""), await RunAsync("link a b --weight 0 --fields weight -o csv"));
        Assert.Equal(new Ran(0, "weight\r\n0\r\n", ""), await RunAsync("link a b --fields weight -o csv"));
        Assert.Equal(new Ran(0, "a\n", ""), await RunAsync("unlink a b -o name"));
        var refused = await RunAsync("unlink a b");
        Assert.Equal((3, ""), (refused.Code, refused.Out));
        Assert.StartsWith("""
            error: cannot remove the link from a to b
              why: There is no link 'link' from 'a' to 'b'. (404 link_not_found)
              try: session-mesh link --list --agent-id ID, to see what is declared

            """, refused.Error, StringComparison.Ordinal);
        Assert.Equal(new Ran(0, "", "no link that matches is declared\n"), await RunAsync("link --list --agent-id b --no-headers"));
    }

    [Theory]
    [InlineData("link", "no agents are named")]
    [InlineData("link a", "the agent that the link leads to is missing")]
    [InlineData("link a a", "a link is between two agents, not from 'a' to itself")]
    [InlineData("link a b --limit 3", "--agent-id, --limit and --sort are for --list")]
    [InlineData("link --list a b", "--list declares nothing: it takes --agent-id and --kind")]
    [InlineData("link a b --weight -1", "--weight takes a number from 0 to 1000000000, not '-1'")]
    [InlineData("unlink a", "the agent that the link leads to is missing")]
    public async Task WhatCannotBe_SaysWhy(string line, string why)
    {
        var ran = await RunAsync(line);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains($": {why}\n", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownAgent_IsNotFound() => Assert.Equal(3, (await RunAsync("link a nobody")).Code);

    private Task<Ran> RunAsync(string line) => _tool.RunAsync(line, _http);
}
