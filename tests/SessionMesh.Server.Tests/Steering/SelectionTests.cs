using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>What each member of a selector means, and how a bad one is refused.</summary>
public sealed class SelectionTests
{
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
    public async Task Steer_BadSelector_BlamesItsMembers()
    {
        await using var mesh = await FleetAsync();
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
