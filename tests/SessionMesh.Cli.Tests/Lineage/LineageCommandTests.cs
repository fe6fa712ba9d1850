using SessionMesh.Cli.Tests.Run;

namespace SessionMesh.Cli.Tests.Lineage;

/// <summary><c>tree</c>, <c>move</c> and <c>reap</c> against the real server.</summary>
public sealed class LineageCommandTests : IAsyncLifetime
{
    private readonly HostedServer _server = new();

    /// <summary>lead over one (over deep) and two; a dead one that an orphan lives below; and one that is dead alone.</summary>
    public async Task InitializeAsync()
    {
        await _server.InitializeAsync();
        foreach (var (id, parent) in new[]
        {
            ("lead", null), ("one", "lead"), ("deep", "one"), ("two", "lead"), ("gone", null), ("orphan", "gone"), ("below", "orphan"),
            ("dead", null),
        })
        {
            var more = parent is null ? "" : $",\"parent_id\":\"{parent}\"";
            await _server.CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"{{id}}","ttl":600{{more}}}""");
        }

        await _server.CallAsync(HttpMethod.Post, "agents/two/heartbeat", """{"activity":"working","load":0.25}""");
        await _server.CallAsync(HttpMethod.Post, "steer", """{"agent_id":"deep","direction":"north"}""");
        foreach (var id in new[] { "gone", "dead" })
        {
            await _server.CallAsync(HttpMethod.Post, $"agents/{id}/exit", """{"incarnation":1,"exit_code":0}""");
        }
    }

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Tree_DrawsWhoStartedWhom_SiblingsById()
    {
        var ran = await RunAsync("tree", width: 100);
        Assert.Equal(
            """
            AGENT        STATUS  ACTIVITY  LOAD  BELOW    PENDING
            gone         dead    -            -  2 alive  -
            └─ orphan    alive   -            -  1 alive  -
               └─ below  alive   -            -  -        -
            lead         alive   -            -  3 alive  1
            ├─ one       alive   -            -  1 alive  1
            │  └─ deep   alive   -            -  -        1
            └─ two       alive   working   0.25  -        -

            """,
            ran.Out);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
    }

    [Theory]
    [InlineData("tree lead", "lead,one,deep,two")]
    [InlineData("tree lead --depth 1", "lead,one,two")]
    [InlineData("tree --depth 0", "gone,lead")]
    [InlineData("tree --dead --depth 0", "dead,gone,lead")]
    [InlineData("tree lead --sort -load", "lead,two,one,deep")]
    public async Task Tree_IsNarrowedAndSorted(string line, string ids)
    {
        var ran = await RunAsync(line + " --no-headers", width: 100);
        var shown = ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(row => row.TrimStart('└', '├', '─', '│', ' ').Split(' ')[0]);
        Assert.Equal(ids, string.Join(',', shown));
    }

    [Fact]
    public async Task Tree_ForPrograms_IsTheServersDocument()
    {
        var ran = await RunAsync("tree one -o json --fields agent_id,subtree");
        Assert.Equal(
            """
            {"agents":[{"agent_id":"one","subtree":{"agents":2,"alive":2,"stalled":0,"lost":0,"load":null,"pending":1}},
            {"agent_id":"deep","subtree":{"agents":1,"alive":1,"stalled":0,"lost":0,"load":null,"pending":1}}],"links":[],"count":2,
            """.ReplaceLineEndings(""),
            string.Concat(ran.Out.Where(letter => !char.IsWhiteSpace(letter)))[..^"\"next_cursor\":null,\"as_of\":\"99\"}".Length]);
        Assert.Equal("gone\norphan\n", (await RunAsync("tree gone --depth 1 -o name")).Out);
    }

    [Fact]
    public async Task Tree_OfNobody_SaysSo()
    {
        var ran = await RunAsync("tree nobody");
        Assert.Equal(3, ran.Code);
        Assert.Contains("nobody", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tree --cluster empty", "there is no agent to show; --dead shows those that have ended, too\n")]
    [InlineData("tree --cluster empty --dead", "there is no agent to show\n")]
    public async Task Tree_WithNothingToShow_SaysSo(string line, string words) =>
        Assert.Equal(new Ran(0, "", words), await RunAsync(line));

    [Fact]
    public async Task Move_PutsTheSubtreeElsewhere()
    {
        var moved = await RunAsync("move one --parent two", width: 100);
        Assert.Equal((0, "agent one is below two now, with all that is below it\n"), (moved.Code, moved.Error));
        Assert.Equal("lead\none\ndeep\ntwo\n", (await RunAsync("tree lead -o name")).Out);
        Assert.Equal("two", await ParentOfAsync("one"));
        Assert.Equal(0, (await RunAsync("move one --no-parent")).Code);
        Assert.Null(await ParentOfAsync("one"));
    }

    [Theory]
    [InlineData("move one", 2, "no parent is named")]
    [InlineData("move --parent two", 2, "no agent is named")]
    [InlineData("move one --parent two --no-parent", 2, "--parent cannot be combined with --no-parent")]
    [InlineData("move lead --parent deep", 2, "'deep' is below 'lead' already; that would make a cycle")]
    [InlineData("move nobody --parent lead", 3, "No agent 'nobody' is known")]
    [InlineData("reap", 2, "--orphans is missing: it says whom to stop")]
    [InlineData("reap --orphans", 2, "this stops every orphan, and there is no terminal to ask on")]
    [InlineData("reap --orphans --expect 2", 5, "there is 1 orphan, not 2; nothing was stopped")]
    public async Task WhatCannotBe_IsRefused_AndChangesNothing(string line, int code, string why)
    {
        var ran = await RunAsync(line);
        Assert.True(ran.Code == code, $"{ran.Code}: {ran.Error}");
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Equal("lead", await ParentOfAsync("one"));
        Assert.Equal("alive", await StatusOfAsync("orphan"));
    }

    [Fact]
    public async Task Reap_ShowsTheOrphans_AndStopsThemWithAllBelow()
    {
        var preview = await RunAsync("reap --orphans --dry-run -o name");
        Assert.Equal(("orphan\n", "dry run: nothing was stopped; 1 agent would be stopped\n"), (preview.Out, preview.Error));
        var refused = await RunAsync("reap --orphans", typed: "n");
        Assert.Equal(1, refused.Code);
        Assert.Contains("Stop 1 orphan and what is below them: orphan? 10 s to finish.", refused.Error, StringComparison.Ordinal);
        Assert.Equal("alive", await StatusOfAsync("orphan"));
        Assert.Equal(0, (await RunAsync("reap --orphans --expect 1 --detach")).Code);
        Assert.Equal("stopping", await StatusOfAsync("orphan"));
        Assert.Equal("stopping", await StatusOfAsync("below"));
        Assert.Equal("alive", await StatusOfAsync("lead"));
        var none = await RunAsync("reap --orphans --yes");
        Assert.Equal((0, "there are no orphans\n"), (none.Code, none.Error));
    }

    private async Task<string?> ParentOfAsync(string id) =>
        (await _server.CallAsync(HttpMethod.Get, "agents/" + id))!["parent_id"]?.GetValue<string>();

    private async Task<string> StatusOfAsync(string id) =>
        (await _server.CallAsync(HttpMethod.Get, "agents/" + id))!["status"]!.GetValue<string>();

    private async Task<Ran> RunAsync(string line, int? width = null, string? typed = null)
    {
        using var tool = new Tool { Width = width, Typed = typed };
        tool.Env["SESSION_MESH_URL"] = _server.Url.ToString();
        tool.Env["NO_COLOR"] = "1";
        tool.Env["SESSION_API_KEY"] = _server.RootKey;
        using var handler = new SocketsHttpHandler();
        return await tool.RunAsync(line, handler);
    }
}
