using SessionMesh.Contracts;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>One word, or one stop, to everyone that a selector matches.</summary>
public sealed class SelectorTests
{
    [Fact]
    public async Task Steer_Selector_ReachesAllThatMatch_IfTheyAreAsManyAsExpected()
    {
        await using var mesh = await FleetAsync();
        (await mesh.PostAsync("steer", """{"selector":{"cluster":"eu"},"direction":"north","expect":2}""")).ShouldBe(200, $$"""
            {"matched":2,"results":[{"agent_id":"a","directive":{{Directive(6, "a", 1)}}},{"agent_id":"b","directive":{{Directive(7, "b", 1)}}}]}
            """);
        Assert.Equal(7, mesh.Revision);
    }

    [Theory]
    [InlineData("""{"specialization":"s"}""", "a,c")]
    [InlineData("""{"label":{"tier":"1"}}""", "a,b")]
    [InlineData("""{"label":{"tier":"1","x":"y"}}""", "b")]
    [InlineData("""{"cluster":"eu","specialization":"s"}""", "a")]
    [InlineData("""{"subtree":"a"}""", "a,b,c")]
    [InlineData("""{"subtree":"b"}""", "b,c")]
    [InlineData("""{"agent_ids":["c","a","nobody","a"]}""", "a,c")]
    [InlineData("""{"agent_ids":[]}""", "")]
    [InlineData("""{"subtree":"nobody"}""", "")]
    [InlineData("""{"cluster":"nowhere"}""", "")]
    public async Task Steer_DryRun_SaysWhoMatches_AndChangesNothing(string selector, string ids)
    {
        await using var mesh = await FleetAsync();
        var matched = ids.Split(',', StringSplitOptions.RemoveEmptyEntries);
        var results = string.Join(",", matched.Select(id => $$"""{"agent_id":"{{id}}"}"""));
        (await mesh.PostAsync("steer", $$"""{"selector":{{selector}},"direction":"north","dry_run":true}"""))
            .ShouldBe(200, $$"""{"matched":{{matched.Length}},"results":[{{results}}]}""");
        Assert.Equal(5, mesh.Revision);
    }

    [Fact]
    public async Task Steer_AnotherCountThanExpected_SendsNothing()
    {
        await using var mesh = await FleetAsync();
        (await mesh.PostAsync("steer", """{"selector":{"cluster":"eu"},"direction":"north"}""")).ShouldBeProblem(400, "expect_required");
        (await mesh.PostAsync("steer", """{"selector":{"cluster":"eu"},"direction":"north","expect":3}""")).ShouldBeProblem(409, "expectation_failed");
        (await mesh.PostAsync("steer", """{"selector":{"cluster":"nowhere"},"direction":"north","expect":0}""")).ShouldBeProblem(404, "nothing_matched");
        foreach (var (body, pointer) in new[]
        {
            ("""{"selector":{},"direction":"north","expect":4}""", "/selector"),
            ("""{"selector":{"label":{}},"direction":"north","expect":4}""", "/selector"),
            ("""{"selector":{"cluster":"eu"},"agent_id":"a","direction":"north","expect":2}""", "/agent_id"),
            ("""{"selector":{"cluster":"eu"},"direction":"north","expect":-1}""", "/expect"),
            ("""{"selector":{"cluster":"eu"},"direction":"north","expect":2,"wait":"delivered"}""", "/wait"),
            ("""{"agent_id":"a","direction":"north","expect":1}""", "/selector"),
            ("""{"selector":{"subtree":"-"},"direction":"north","expect":2}""", "/selector/subtree"),
            ("""{"selector":{"agent_ids":[null]},"direction":"north","expect":2}""", "/selector/agent_ids/0"),
            ("""{"selector":{"agent_ids":["a","b\n"]},"direction":"north","expect":2}""", "/selector/agent_ids/1"),
            ("""{"selector":{"everyone":true},"direction":"north","expect":2}""", "/selector/everyone"),
        })
        {
            (await mesh.PostAsync("steer", body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
        }

        Assert.Equal(5, mesh.Revision);
    }

    [Fact]
    public async Task Steer_Selector_NamesAtMostAThousand()
    {
        await using var mesh = await FleetAsync();
        string Ids(int count) => string.Join(",", Enumerable.Range(0, count).Select(i => $"\"x{i}\""));
        (await mesh.PostAsync("steer", $$"""{"selector":{"agent_ids":[{{Ids(Limits.SelectorIds)}}]},"direction":"d","dry_run":true}""")).ShouldBe(200, """{"matched":0,"results":[]}""");
        (await mesh.PostAsync("steer", $$"""{"selector":{"agent_ids":[{{Ids(Limits.SelectorIds + 1)}}]},"direction":"d","dry_run":true}"""))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("/selector/agent_ids");
    }

    [Fact]
    public async Task Steer_Selector_ReachesAtMostTenThousand()
    {
        await using var mesh = await MeshHost.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, Limits.SelectorMatches + 1).Select(i => mesh.Engine.ExecuteAsync(
            new RegisterAgent { Actor = Actors.Mesh, AgentId = $"a{i}", Profile = new Profile { Ttl = 600 } })));
        var revision = mesh.Revision;
        (await mesh.PostAsync("steer", """{"selector":{"cluster":"default"},"direction":"d","expect":10001}""")).ShouldBeProblem(400, "too_many_matched");
        Assert.Equal(revision, mesh.Revision);
        await mesh.DeleteAsync("agents/a0?force=true");
        Assert.Equal(200, (await mesh.PostAsync("steer", """{"selector":{"cluster":"default"},"direction":"d","expect":10000}""")).Status);
    }

    [Fact]
    public async Task Kill_Selector_StopsAllThatMatch()
    {
        await using var mesh = await FleetAsync();
        (await mesh.DeleteAsync("agents?label=tier%3D1&dry_run=true"))
            .ShouldBe(200, """{"matched":2,"results":[{"agent_id":"a","report":null},{"agent_id":"b","report":null}]}""");
        (await mesh.DeleteAsync("agents?label=tier%3D1")).ShouldBeProblem(400, "expect_required");
        (await mesh.DeleteAsync("agents")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?");
        Assert.Equal(5, mesh.Revision);
        (await mesh.DeleteAsync("agents?specialization=s&cluster=us&expect=1&force=true&reason=r")).ShouldBe(200, """
            {"matched":1,"results":[{"agent_id":"c","report":{"agent_id":"c","incarnation":1,"status":"dead","confirmed":false,"exit_code":null,"signal":null,"reason":"r",
              "deadline":null,"descendants":[]}}]}
            """);
        Assert.Equal("alive", await mesh.StatusAsync("a"));
    }

    [Fact]
    public async Task Cancel_TakesBackWhatNobodyWasGiven_AndNothingElse()
    {
        await using var mesh = await FleetAsync();
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
        (await mesh.DeleteAsync("directives/d-6")).ShouldBe(200, Directive(6, "a", 1, differs: $"\"state\":\"cancelled\",\"ended_at\":\"{At(0)}\""));
        (await mesh.DeleteAsync("directives/d-6")).ShouldBeProblem(409, "directive_over");
        (await mesh.DeleteAsync("directives/d-5")).ShouldBeProblem(404, "directive_not_found");
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, """{"directives":[]}""");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
        await mesh.PostAsync("agents/a/heartbeat");
        await mesh.ChangeAsync("directive.delivered", "a");
        (await mesh.DeleteAsync("directives/d-8")).ShouldBeProblem(409, "already_delivered");
        await mesh.DeleteAsync("agents/b?grace=30");
        (await mesh.DeleteAsync($"directives/d-{mesh.State.Find("b")!.Inbox.LastRevision}")).ShouldBeProblem(409, "already_delivered");
    }

    [Fact]
    public async Task History_IsEverythingNewestFirst_InPages()
    {
        await using var mesh = await FleetAsync();
        for (var i = 0; i < 5; i++)
        {
            await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
            await mesh.PostAsync("steer", """{"agent_id":"b","direction":"north"}""");
        }

        await mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":1,"state":"acknowledged"}]}""");
        var seen = new List<long>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await mesh.GetAsync($"agents/a/directives/history?limit=2{cursor}")).Json;
            seen.AddRange(page["directives"]!.AsArray().Select(d => d!["seq"]!.GetValue<long>()));
            cursor = page["next_cursor"] is { } next ? "&cursor=" + next : null;
        }

        Assert.Equal([5, 4, 3, 2, 1], seen);

        // A cursor of another agent's shows nothing of it, least of all to a key that is bound to this one.
        var key = await mesh.MintAsync("""{"agent_id":"a"}""");
        (await mesh.GetAsync("agents/a/directives/history?cursor=7", key)).ShouldBe(200, """{"directives":[],"next_cursor":null}""");
        (await mesh.GetAsync("agents/b/directives/history", key)).ShouldBeProblem(403, "not_your_agent");
        (await mesh.GetAsync("agents/nobody/directives/history")).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Revive_LiftsTheTombstone_WithoutConfirmingTheEnd()
    {
        await using var mesh = await FleetAsync();
        (await mesh.PostAsync("agents/c/revive")).ShouldBeProblem(409, "not_tombstoned", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        (await mesh.PostAsync("agents/nobody/revive")).ShouldBeProblem(404, "agent_not_found");
        await mesh.DeleteAsync("agents/c?force=true");
        Assert.Equal(409, (await mesh.PostAsync("agents", """{"agent_id":"c"}""")).Status);
        Assert.Equal("dead", (await mesh.PostAsync("agents/c/revive")).Json["status"]!.GetValue<string>());
        Assert.False((await mesh.GetAsync("agents/c")).Json["last_exit"]!["confirmed"]!.GetValue<bool>());
        Assert.Equal(409, (await mesh.PostAsync("agents/c/revive")).Status);
        Assert.Equal(2, (await mesh.PostAsync("agents", """{"agent_id":"c"}""")).Json["incarnation"]!.GetValue<int>());
    }

    /// <summary>Four agents: a (eu, s, tier 1), b (eu, tier 1 and x=y, below a), c (us, s, below b), d.</summary>
    private static async Task<MeshHost> FleetAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: """,  "cluster":"eu","specializations":["s"],"labels":{"tier":"1"}""");
        await mesh.RegisterAsync("b", more: """,  "cluster":"eu","labels":{"tier":"1","x":"y"},"parent_id":"a" """);
        await mesh.RegisterAsync("c", more: """,  "cluster":"us","specializations":["s"],"parent_id":"b" """);
        await mesh.RegisterAsync("d");
        return mesh;
    }
}
