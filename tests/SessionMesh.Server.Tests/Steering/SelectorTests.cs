using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

public sealed class SelectorTests
{
    [Fact]
    public async Task Steer_BySelector_ReachesWhatMatchesAllOfIt_AndSaysWhoCouldNotBeTold()
    {
        await using var mesh = await FleetAsync();
        (await mesh.PostAsync("steer", """{"selector":{"specialization":"vision","cluster":"east"},"expect":1,"direction":"north"}"""))
            .ShouldBe(200, $$"""{"matched":1,"results":[{"agent_id":"b","directive_id":"d-7","seq":1,"state":"queued"}]}""");
        (await mesh.PostAsync("steer", """{"selector":{"label":{"tier":"1"}},"expect":2,"direction":"north"}"""))
            .ShouldBe(200, $$"""
                {"matched":2,"results":[{"agent_id":"a","directive_id":"d-8","seq":1,"state":"queued"},
                 {"agent_id":"c","directive_id":"d-9","seq":1,"state":"queued"}]}
                """);
        (await mesh.PostAsync("steer", """{"selector":{"subtree":"a"},"expect":2,"direction":"north"}"""))
            .ShouldBe(200, $$"""
                {"matched":2,"results":[{"agent_id":"a","directive_id":"d-10","seq":2,"state":"queued"},
                 {"agent_id":"d","directive_id":"d-11","seq":1,"state":"queued"}]}
                """);
        (await mesh.PostAsync("steer", """{"selector":{"agent_ids":["c","nobody"]},"expect":1,"verb":"pause"}"""))
            .ShouldBe(200, $$"""{"matched":1,"results":[{"agent_id":"c","directive_id":"d-12","seq":2,"state":"queued"}]}""");
    }

    [Fact]
    public async Task Steer_BySelector_AFullInbox_IsThatAgentsOwnResult()
    {
        await using var mesh = await FleetAsync();
        await Task.WhenAll(Enumerable.Range(0, Limits.Inbox).Select(_ => mesh.SteerAsync("a")));
        var revision = mesh.Revision;
        (await mesh.PostAsync("steer", """{"selector":{"label":{"tier":"1"}},"expect":2,"direction":"north"}"""))
            .ShouldBe(200, $$"""
                {"matched":2,"results":[{"agent_id":"a","code":"inbox_full",
                 "detail":"Agent 'a' has 1000 directives waiting. Wait until it has taken some, or cancel some."},
                 {"agent_id":"c","directive_id":"d-{{revision + 1}}","seq":1,"state":"queued"}]}
                """);
    }

    [Fact]
    public async Task Steer_DryRun_ListsAndChangesNothing()
    {
        await using var mesh = await FleetAsync();
        (await mesh.PostAsync("steer", """{"selector":{"specialization":"vision"},"dry_run":true,"direction":"north"}"""))
            .ShouldBe(200, """{"matched":2,"results":[{"agent_id":"a"},{"agent_id":"b"}]}""");
        (await mesh.DeleteAsync("agents?specialization=vision&dry_run=true"))
            .ShouldBe(200, """
                {"matched":3,"results":[{"agent_id":"a","report":null},{"agent_id":"b","report":null},
                 {"agent_id":"declared","report":null}]}
                """);
        Assert.Equal(6, mesh.Revision);
    }

    [Theory]
    [InlineData("""{"selector":{},"expect":4,"direction":"n"}""", 400, "invalid_request")]
    [InlineData("""{"selector":{"label":{}},"expect":4,"direction":"n"}""", 400, "invalid_request")]
    [InlineData("""{"selector":{"everyone":true},"expect":4,"direction":"n"}""", 400, "invalid_request")]
    [InlineData("""{"selector":{"cluster":"east"},"agent_id":"a","expect":1,"direction":"n"}""", 400, "invalid_request")]
    [InlineData("""{"selector":{"cluster":"east"},"expect":1,"direction":"n","wait":"delivered"}""", 400, "invalid_request")]
    [InlineData("""{"agent_id":"a","expect":1,"direction":"n"}""", 400, "invalid_request")]
    [InlineData("""{"selector":{"specialization":"vision"},"direction":"n"}""", 400, "expect_required")]
    [InlineData("""{"selector":{"specialization":"vision"},"expect":3,"direction":"n"}""", 409, "expectation_failed")]
    [InlineData("""{"selector":{"specialization":"poetry"},"expect":0,"direction":"n"}""", 404, "nothing_matched")]
    [InlineData("""{"selector":{"subtree":"nobody"},"expect":1,"direction":"n"}""", 404, "nothing_matched")]
    public async Task Steer_BadSelector_IsRefused_AndChangesNothing(string body, int status, string code)
    {
        await using var mesh = await FleetAsync();
        (await mesh.PostAsync("steer", body)).ShouldBeRefused(status, code);
        Assert.Equal(6, mesh.Revision);
    }

    [Fact]
    public async Task Kill_BySelector_StopsWhatMatches_WithADescendantReportedOnce()
    {
        await using var mesh = await FleetAsync();
        (await mesh.DeleteAsync("agents?expect=4")).ShouldBeRefused(400, "invalid_request");
        (await mesh.DeleteAsync("agents?label=tier")).ShouldBeRefused(400, "invalid_request");
        (await mesh.DeleteAsync("agents?label=tier%3D1")).ShouldBeRefused(400, "expect_required");
        Assert.Equal(6, mesh.Revision);
        var killed = await mesh.DeleteAsync("agents?label=tier%3D1&expect=2&force=true&reason=over");
        Assert.Equal(2, killed.Json["matched"]!.GetValue<int>());
        Assert.Equal(["a", "c"], killed.Json["results"]!.AsArray().Select(r => r!["agent_id"]!.GetValue<string>()));
        JsonAssert.Same(
            """
            {"agent_id":"a","incarnation":1,"status":"dead","confirmed":false,"exit_code":null,"signal":null,"reason":"over",
             "deadline":null,"descendants":[{"agent_id":"d","incarnation":1,"status":"dead","confirmed":false}]}
            """,
            killed.Json["results"]![0]!["report"]!.ToJsonString());
        (await mesh.GetAsync("alive?fields=agent_id"))
            .ShouldBe(200, """{"sessions":[{"agent_id":"b"}],"count":1,"next_cursor":null,"as_of":"*"}""");
    }

    [Fact]
    public async Task Selector_AtItsLimits_IsTaken_AndNotOnePastThem()
    {
        await using var mesh = await FleetAsync();
        static string Ids(int count) => string.Join(",", Enumerable.Range(0, count).Select(i => $"\"x{i}\""));
        (await mesh.PostAsync("steer", $$"""{"selector":{"agent_ids":[{{Ids(Limits.SelectorIds)}}]},"dry_run":true,"direction":"n"}"""))
            .ShouldBe(200, """{"matched":0,"results":[]}""");
        (await mesh.PostAsync("steer", $$"""{"selector":{"agent_ids":[{{Ids(Limits.SelectorIds + 1)}}]},"dry_run":true,"direction":"n"}"""))
            .ShouldBeRefused(400, "invalid_request");

        await Parallel.ForEachAsync(Enumerable.Range(0, Limits.SelectorMatches), async (i, _) =>
            await mesh.PostAsync("agents", $$"""{"agent_id":"many-{{i}}","cluster":"large","ttl":86400}"""));
        (await mesh.PostAsync("steer", $$"""{"selector":{"cluster":"large"},"expect":{{Limits.SelectorMatches + 1}},"direction":"n"}"""))
            .ShouldBeRefused(409, "expectation_failed");
        Assert.Equal(
            200,
            (await mesh.PostAsync(
                "steer", $$"""{"selector":{"cluster":"large"},"expect":{{Limits.SelectorMatches}},"direction":"n"}""")).Status);
        await mesh.PostAsync("agents", """{"agent_id":"one-more","cluster":"large"}""");
        (await mesh.PostAsync("steer", $$"""{"selector":{"cluster":"large"},"expect":{{Limits.SelectorMatches + 1}},"direction":"n"}"""))
            .ShouldBeRefused(400, "too_many_matched");
    }

    /// <summary>a (vision, tier 1), b (vision, east), c (tier 1), d below a; five changes and the root key.</summary>
    private static async Task<MeshHost> FleetAsync()
    {
        var mesh = await MeshHost.StartAsync();
        foreach (var agent in (string[])
        [
            """{"agent_id":"a","specializations":["vision"],"labels":{"tier":"1"},"ttl":3600}""",
            """{"agent_id":"b","specializations":["vision"],"cluster":"east","ttl":3600}""",
            """{"agent_id":"c","labels":{"tier":"1"},"ttl":3600}""",
            """{"agent_id":"d","parent_id":"a","ttl":3600}""",
            """{"agent_id":"declared","specializations":["vision"],"declare":true}""",
        ])
        {
            Assert.Equal(201, (await mesh.PostAsync("agents", agent)).Status);
        }

        return mesh;
    }
}
