using SessionMesh.Server.Tests.Agents;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Discovery;

public sealed class AgentListTests
{
    [Fact]
    public async Task Alive_Empty_IsAPageOfNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync("alive")).ShouldBe(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"1"}""");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(150)]
    [InlineData(1000)]
    public async Task Cursor_WalkedToItsEnd_ShowsEveryRowOnce_WhateverHappensMeanwhile(int limit)
    {
        await using var mesh = await MeshHost.StartAsync();
        await Task.WhenAll(
            Enumerable.Range(0, 150).Select(i => mesh.RegisterAsync($"a{i}", more: i % 2 == 0 ? ",\"specializations\":[\"even\"]" : "")));
        var seen = new List<string>();
        var pages = 0;
        for (string? cursor = ""; cursor is not null; pages++)
        {
            var page = (await mesh.GetAsync($"alive?fields=agent_id&limit={limit}{cursor}")).Json;
            var rows = page["sessions"]!.AsArray().Select(r => r!["agent_id"]!.GetValue<string>()).ToList();
            Assert.Equal(rows.Count, page["count"]!.GetValue<int>());
            Assert.InRange(rows.Count, 1, limit);
            seen.AddRange(rows);
            cursor = page["next_cursor"] is { } next ? "&cursor=" + next : null;
            if (pages == 0)
            {
                await mesh.RegisterAsync("late"); // comes at the end, and moves no other row
            }
        }

        Assert.Equal(limit >= 150 ? 150 : 151, seen.Count);
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal((seen.Count + limit - 1) / limit, pages); // a full last page says itself that it is the last
        Assert.Equal(75, (await IdsAsync(mesh, "alive?specialization=even&limit=1000")).Count);
    }

    [Theory]
    [InlineData("alive?cursor=2147483647")]
    [InlineData("agents?filter=all&cursor=2147483647")]
    [InlineData("alive?cursor=2147483648")]
    [InlineData("alive?cursor=-1")]
    [InlineData("alive?cursor=x")]
    [InlineData("alive?cursor=")]
    [InlineData("registry?specialization=s&cursor=2147483647")]
    public async Task Cursor_ThatIsNone_IsRefused(string path)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync(path)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?cursor");
    }

    [Fact]
    public async Task Cursor_PastTheEnd_IsAnEmptyPage()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync("agents?cursor=2147483646")).ShouldBe(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"2"}""");
    }

    [Fact]
    public async Task Fields_ShowsThoseAlone_AndNamesWhatIsAllowedForAnyOther()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync("alive?fields=expires_at,agent_id,%20load"))
            .ShouldBe(200, $$"""
                {"sessions":[{"agent_id":"a","load":null,"expires_at":"{{At(60)}}"}],"count":1,"next_cursor":null,"as_of":"2"}
                """);
        foreach (var fields in new[] { "agent_id,nope", "", ",", "AgentId" })
        {
            var refused = await mesh.GetAsync("alive?fields=" + fields);
            refused.ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?fields");
            Assert.Equal(22, refused.Json["errors"]![0]!["allowed"]!.AsArray().Count);
        }
    }

    [Fact]
    public async Task Agent_Unknown_Is404()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync("agents/nobody")).ShouldBeProblem(404, "agent_not_found");
    }

    private static async Task<List<string>> IdsAsync(MeshHost mesh, string path) =>
        [.. (await mesh.GetAsync(path)).Json["sessions"]!.AsArray().Select(r => r!["agent_id"]!.GetValue<string>())];
}
