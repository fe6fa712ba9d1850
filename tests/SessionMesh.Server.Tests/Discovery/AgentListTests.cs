using SessionMesh.Server.Discovery;
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
    [InlineData("agents?filter=all&cursor=MTIz")] // 123
    [InlineData("alive?cursor=-1")]
    [InlineData("alive?cursor=x")]
    [InlineData("alive?cursor=%F0%9F%90%81")]
    [InlineData("alive?cursor=")]
    [InlineData("registry?specialization=s&cursor=2147483647")]
    public async Task Cursor_ThatIsNone_IsRefused(string path)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.GetAsync(path)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?cursor");
    }

    /// <summary>What is left of a place when all after it are gone, and numbers that are tampered with.</summary>
    [Fact]
    public async Task Cursor_PastTheEnd_IsAnEmptyPage()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var cursor = (await mesh.GetAsync("agents?limit=1")).Json["next_cursor"]!.GetValue<string>();
        await mesh.DeleteAsync("agents/b?force=true");
        await mesh.PostAsync("agents/b/revive");
        await mesh.DeleteAsync("agents/b?forget=true");
        (await mesh.GetAsync("agents?cursor=" + cursor)).ShouldBe(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"*"}""");
        var far = new ListCursor(ListCursor.Parse(cursor)!.Value.Digest, 1, new AfterNumber(int.MaxValue - 1)).ToString();
        (await mesh.GetAsync("agents?cursor=" + far)).ShouldBe(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"*"}""");
    }

    [Theory]
    [InlineData("filter=alive", "filter=all")]
    [InlineData("sort=id", "sort=-id")]
    [InlineData("sort=load", "")]
    [InlineData("", "sort=id")]
    [InlineData("specialization=x&specialization=y", "specialization=x")]
    [InlineData("label=a%3Db", "label=a!%3Db")]
    [InlineData("q=a", "q=b")]
    public async Task Cursor_OfAnotherList_IsRefusedByName(string one, string other)
    {
        await using var mesh = await MeshHost.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await mesh.RegisterAsync($"a{i}", more: ",\"specializations\":[\"x\",\"y\"],\"labels\":{\"a\":\"b\"}");
        }

        var cursor = (await mesh.GetAsync($"alive?limit=1&{one}")).Json["next_cursor"]!.GetValue<string>();
        Assert.Equal(2, (await IdsAsync(mesh, $"alive?{one}&limit=5&fields=agent_id&cursor={cursor}")).Count); // the size may change
        (await mesh.GetAsync($"alive?limit=1&{other}&cursor={cursor}")).ShouldBeProblem(400, "cursor_mismatch");
    }

    [Fact]
    public async Task Cursor_OfAnotherEpoch_IsRefusedByName()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var cursor = (await mesh.GetAsync("alive?limit=1")).Json["next_cursor"]!.GetValue<string>();
        mesh.State.LoadEpoch(2);
        (await mesh.GetAsync("alive?limit=1&cursor=" + cursor)).ShouldBeProblem(409, "restored");
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
            Assert.Equal(25, refused.Json["errors"]![0]!["allowed"]!.AsArray().Count);
        }
    }

    [Theory]
    [InlineData("label=env%3Dprod", "lead,worker,deep")]
    [InlineData("label=env%3Dprod,tier%3Dfree", "worker")]
    [InlineData("label=env%3D", "")]
    [InlineData("subtree=lead", "lead,worker,deep")]
    [InlineData("subtree=worker", "worker,deep")]
    [InlineData("subtree=nobody", "")]
    [InlineData("subtree=worker&label=tier%3Dfree", "worker")]
    [InlineData("subtree=lead&limit=1", "lead")]
    public async Task LabelAndSubtree_NarrowTheList_AndTotalCountsAllPages(string query, string ids)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead", more: ",\"labels\":{\"env\":\"prod\"}");
        await mesh.RegisterAsync("other", more: ",\"labels\":{\"env\":\"test\"}");
        await mesh.RegisterAsync("worker", more: ",\"parent_id\":\"lead\",\"labels\":{\"env\":\"prod\",\"tier\":\"free\"}");
        await mesh.RegisterAsync("deep", more: ",\"parent_id\":\"worker\",\"labels\":{\"env\":\"prod\"}");
        Assert.Equal(ids, string.Join(',', await IdsAsync(mesh, "alive?" + query)));
        var total = (await mesh.GetAsync($"alive?fields=agent_id&total=true&{query}")).Json["total"]!.GetValue<int>();
        var shown = ids.Split(',', StringSplitOptions.RemoveEmptyEntries).Length;
        Assert.Equal(query.Contains("limit", StringComparison.Ordinal) ? 3 : shown, total);
    }

    /// <summary>A key's reach bounds what a subtree and a total can show.</summary>
    [Fact]
    public async Task SubtreeAndTotal_ShowNothingBeyondAKeysReach()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead");
        await mesh.RegisterAsync("worker", more: ",\"parent_id\":\"lead\"");
        var minted = await mesh.PostAsync("keys", """{"scopes":["mesh:read"],"within":["agent:worker"]}""");
        var key = minted.Json["token"]!.GetValue<string>();
        (await mesh.GetAsync("alive?fields=agent_id&total=true&subtree=lead", key))
            .ShouldBe(200, """{"sessions":[{"agent_id":"worker"}],"count":1,"total":1,"next_cursor":null,"as_of":"*"}""");
        (await mesh.GetAsync("alive?fields=agent_id&total=true", key))
            .ShouldBe(200, """{"sessions":[{"agent_id":"worker"}],"count":1,"total":1,"next_cursor":null,"as_of":"*"}""");
    }

    [Fact]
    public async Task Total_CountsPlainSessionsToo_WhereTheyAreListed()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("sessions", "{}");
        await mesh.PostAsync("sessions", "{}");
        foreach (var (query, total) in new[] { ("kind=all", 3), ("kind=session", 2), ("kind=agent", 1), ("kind=all&cluster=default", 1) })
        {
            Assert.Equal(total, (await mesh.GetAsync($"alive?limit=1&total=true&{query}")).Json["total"]!.GetValue<int>());
        }
    }

    [Theory]
    [InlineData("env", "'env' at character 1")]
    [InlineData("=prod", "'=prod' at character 1")]
    [InlineData("env=prod,", "'' at character 10")]
    [InlineData("env=prod,tier,a=b", "'tier' at character 10")]
    [InlineData("env=prod,ti er!=free", "'ti er!=free' at character 10")]
    [InlineData("", "'' at character 1")]
    public async Task Label_ThatIsNone_IsRefused_AndSaysWhere(string label, string where)
    {
        await using var mesh = await MeshHost.StartAsync();
        var refused = await mesh.GetAsync("alive?label=" + Uri.EscapeDataString(label));
        refused.ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?label");
        Assert.EndsWith(where, refused.Json["errors"]![0]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sort=size", "?sort", 10)]
    [InlineData("filter=busy", "?filter", 14)]
    [InlineData("q=", "?q", null)]
    [InlineData("q=1+2+3+4+5+6+7+8+9", "?q", null)]
    [InlineData("wait=61", "?wait", null)]
    [InlineData("wait=1&after=x", "?after", null)]
    [InlineData("wait=1&after=1-x", "?after", null)]
    [InlineData("after=1", "?after", null)]
    [InlineData("kind=all&sort=id", "?sort", null)]
    [InlineData("prefix=-", "?prefix", null)]
    [InlineData("prefix=", "?prefix", null)]
    [InlineData("kind=session&user=ann", "?user", null)]
    [InlineData("kind=session&any_specialization=x", "?any_specialization", null)]
    public async Task BadQuery_IsRefused_AndNamesWhatIsAllowed(string query, string blamed, int? allowed)
    {
        await using var mesh = await MeshHost.StartAsync();
        var refused = await mesh.GetAsync("alive?" + query);
        refused.ShouldBeProblem(400, blamed == "?filter" ? "invalid_filter" : "invalid_request", ",\"errors\":\"*\"").ShouldBlame(blamed);
        Assert.Equal(allowed, refused.Json["errors"]![0]!["allowed"]?.AsArray().Count);
    }

    [Fact]
    public async Task Agent_Unknown_Is404()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync("agents/nobody")).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Agent_WithItsEvents_HasTheNewestOfThem_OldestFirst()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        await mesh.PostAsync("agents/a/revive");
        await mesh.DeleteAsync("agents/a?forget=true");
        await mesh.RegisterAsync("a"); // another agent, which has its id
        var born = mesh.Revision;
        await mesh.RegisterAsync("b");
        await mesh.SteerAsync("a", ",\"message\":\"now\"");
        await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""", idempotencyKey: "k");

        Assert.Equal(
            [$"{born} agent.registered", $"{born + 2} directive.issued", $"{born + 3} directive.acknowledged"],
            Events(await mesh.GetAsync("agents/a?events=10")));
        Assert.Equal(
            [$"{born + 2} directive.issued", $"{born + 3} directive.acknowledged"], Events(await mesh.GetAsync("agents/a?events=2")));
        Assert.Empty(Events(await mesh.GetAsync("agents/a?events=0")));
        var said = (await mesh.GetAsync("agents/a?events=2")).Json["events"]![0]!;
        await using var stream = await mesh.ListenAsync($"events?after={born + 1}");
        JsonAssert.Same((await stream.NextAsync()).Data, said.ToJsonString());
    }

    [Fact]
    public async Task Agent_WithItsEvents_ForAKeyThatMayNotReadTheLog_HasNone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var own = await mesh.MintAsync("""{"agent_id":"a"}""");
        Assert.Equal(200, (await mesh.GetAsync("agents/a", own)).Status);
        Assert.Contains("\"events\":null}", (await mesh.GetAsync("agents/a?events=10", own)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"events\"", (await mesh.GetAsync("agents/a")).Text, StringComparison.Ordinal);
        Assert.Equal(400, (await mesh.GetAsync("agents/a?events=101")).Status);
    }

    private static IEnumerable<string> Events(Reply reply) =>
        reply.Json["events"]!.AsArray().Select(one => $"{one!["revision"]!.GetValue<long>()} {one["kind"]!.GetValue<string>()}");

    private static async Task<List<string>> IdsAsync(MeshHost mesh, string path) =>
        [.. (await mesh.GetAsync(path)).Json["sessions"]!.AsArray().Select(r => r!["agent_id"]!.GetValue<string>())];
}
