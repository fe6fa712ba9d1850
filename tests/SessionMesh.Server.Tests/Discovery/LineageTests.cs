using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Discovery;

/// <summary>The forest of parents and children: <c>GET /topology</c> and <c>POST /agents/{id}/move</c>.</summary>
public sealed class LineageTests
{
    public static TheoryData<int> Seeds() => [1, 2, Random.Shared.Next()];

    [Fact]
    public async Task Topology_ShowsEveryAgent_WithWhatIsAtAndBelowIt()
    {
        await using var mesh = await ForestAsync();
        (await mesh.GetAsync("topology?fields=agent_id,parent_id")).ShouldBe(200, """
            {"agents":[
              {"agent_id":"lead","parent_id":null,
               "subtree":{"agents":4,"alive":4,"stalled":1,"lost":0,"load":0.5,"pending":2}},
              {"agent_id":"one","parent_id":"lead",
               "subtree":{"agents":2,"alive":2,"stalled":1,"lost":0,"load":0.75,"pending":2}},
              {"agent_id":"deep","parent_id":"one",
               "subtree":{"agents":1,"alive":1,"stalled":1,"lost":0,"load":0.75,"pending":1}},
              {"agent_id":"two","parent_id":"lead",
               "subtree":{"agents":1,"alive":1,"stalled":0,"lost":0,"load":0.25,"pending":0}},
              {"agent_id":"gone","parent_id":null,
               "subtree":{"agents":1,"alive":1,"stalled":0,"lost":0,"load":null,"pending":0}},
              {"agent_id":"orphan","parent_id":"gone",
               "subtree":{"agents":1,"alive":1,"stalled":0,"lost":0,"load":null,"pending":0}}],
             "links":[],"count":6,"next_cursor":null,"as_of":"*"}
            """);
    }

    [Theory]
    [InlineData("root=one", "one,deep")]
    [InlineData("root=lead&depth=1", "lead,one,two")]
    [InlineData("root=lead&depth=0", "lead")]
    [InlineData("depth=0", "lead,gone")]
    [InlineData("depth=1", "lead,one,two,gone,orphan")]
    [InlineData("cluster=eu", "deep")]
    [InlineData("dead=true", "lead,one,deep,two,gone,orphan,dead")]
    [InlineData("root=dead&dead=true", "dead")]
    [InlineData("root=dead", "")]
    public async Task Topology_IsNarrowed(string query, string ids)
    {
        await using var mesh = await ForestAsync();
        for (var limit = 1; limit < 8; limit += 3)
        {
            Assert.Equal(ids, string.Join(',', (await WalkAsync(mesh, query, limit)).Select(row => row["agent_id"]!.GetValue<string>())));
        }
    }

    [Fact]
    public async Task Topology_BadInput_IsRefused()
    {
        await using var mesh = await ForestAsync();
        (await mesh.GetAsync("topology?root=nobody")).ShouldBeProblem(404, "agent_not_found");
        (await mesh.GetAsync("topology?depth=-1")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?depth");
        (await mesh.GetAsync("topology?root=a/b")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?root");
        (await mesh.GetAsync("topology?fields=size")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?fields");
        (await mesh.GetAsync("topology?cursor=x")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?cursor");
        var cursor = (await mesh.GetAsync("topology?limit=1")).Json["next_cursor"]!.GetValue<string>();
        (await mesh.GetAsync($"topology?depth=1&cursor={cursor}")).ShouldBeProblem(400, "cursor_mismatch");
        var list = (await mesh.GetAsync("alive?limit=1")).Json["next_cursor"]!.GetValue<string>();
        (await mesh.GetAsync($"topology?cursor={list}")).ShouldBeProblem(400, "cursor_mismatch");
    }

    /// <summary>What a key does not reach is in no row and in no sum.</summary>
    [Fact]
    public async Task Topology_OfAKeyForSomeAgents_CountsThoseAlone()
    {
        await using var mesh = await ForestAsync();
        var key = (await mesh.PostAsync("keys", """{"scopes":["mesh:read"],"within":["cluster:eu"]}""")).Json["token"]!.GetValue<string>();
        var rows = (await mesh.GetAsync("topology?fields=agent_id", key)).Json["agents"]!.AsArray();
        Assert.Equal("deep", Assert.Single(rows)!["agent_id"]!.GetValue<string>());
        (await mesh.GetAsync("topology?root=lead", key)).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Move_TakesTheSubtreeAlong_AndIsInTheLog()
    {
        await using var mesh = await ForestAsync();
        var moved = await mesh.PostAsync("agents/one/move", """{"parent_id":"two"}""");
        Assert.Equal((200, "two"), (moved.Status, moved.Json["parent_id"]!.GetValue<string>()));
        Assert.Equal("one,deep,two", await BelowAsync(mesh, "two"));
        var revision = mesh.Revision;
        Assert.Equal(200, (await mesh.PostAsync("agents/one/move", """{"parent_id":"two"}""")).Status);
        Assert.Equal(revision, mesh.Revision); // it is there already
        await mesh.RestartAsync();
        Assert.Equal("one,deep,two", await BelowAsync(mesh, "two"));
        var entry = (await mesh.GetAsync("audit?operation=agent.moved")).Json["entries"]!.AsArray();
        Assert.Equal("one", Assert.Single(entry)!["subject"]!.GetValue<string>());
    }

    /// <summary>An orphan that is moved is none any more, under a parent or under none.</summary>
    [Theory]
    [InlineData("\"lead\"")]
    [InlineData("null")]
    public async Task Move_OfAnOrphan_EndsThat(string parent)
    {
        await using var mesh = await ForestAsync();
        await mesh.DeleteAsync("agents/gone?forget=true");
        Assert.Equal("orphan", string.Join(',', await OrphansAsync(mesh)));
        Assert.Equal(200, (await mesh.PostAsync("agents/orphan/move", $$"""{"parent_id":{{parent}}}""")).Status);
        Assert.Empty(await OrphansAsync(mesh));
        await mesh.RestartAsync();
        Assert.Empty(await OrphansAsync(mesh));
    }

    [Theory]
    [InlineData("one", """{"parent_id":"one"}""", 400, "an agent cannot be its own parent")]
    [InlineData("lead", """{"parent_id":"deep"}""", 400, "'deep' is below 'lead' already; that would make a cycle")]
    [InlineData("one", """{"parent_id":"nobody"}""", 400, "no agent 'nobody' is known")]
    [InlineData("one", """{"parent_id":"a/b"}""", 400, "an id has 1 to 128 characters")]
    [InlineData("one", "{}", 400, "parent_id: is missing: the id of the new parent, or null for none.")]
    [InlineData("one", """{"parent_id":""}""", 400, "parent_id")]
    [InlineData("one", """{"parent_id":["two"]}""", 400, "parent_id")]
    [InlineData("one", """{"parent_id":"two","depth":1}""", 400, "depth")]
    [InlineData("nobody", """{"parent_id":"two"}""", 404, "No agent 'nobody' is known")]
    public async Task Move_ThatCannotBe_ChangesNothing(string id, string body, int status, string why)
    {
        await using var mesh = await ForestAsync();
        var revision = mesh.Revision;
        var refused = await mesh.PostAsync($"agents/{id}/move", body);
        Assert.Equal(status, refused.Status);
        Assert.Contains(why, refused.Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(revision, mesh.Revision);
    }

    /// <summary>A key cannot move an agent out of its reach, into it, or the one it is bound to.</summary>
    [Fact]
    public async Task Move_StaysWithinTheReachOfItsKey()
    {
        await using var mesh = await ForestAsync();
        var key = (await mesh.PostAsync("keys", """{"scopes":["registry:write","mesh:read"],"within":["subtree:lead"]}"""))
            .Json["token"]!.GetValue<string>();
        (await mesh.PostAsync("agents/one/move", """{"parent_id":null}""", key)).ShouldBeProblem(403, "outside_reach");
        Assert.Equal(404, (await mesh.PostAsync("agents/orphan/move", """{"parent_id":"lead"}""", key)).Status);
        Assert.Equal(400, (await mesh.PostAsync("agents/one/move", """{"parent_id":"orphan"}""", key)).Status);
        Assert.Equal(200, (await mesh.PostAsync("agents/deep/move", """{"parent_id":"two"}""", key)).Status);
    }

    /// <summary>Registration, death, forgetting and moves at random: no cycle, and no subtree is lost.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Lineage_UnderRandomChange_StaysAForest_WhichTheTopologyAddsUp(int seed)
    {
        var random = new Random(seed);
        await using var mesh = await MeshHost.StartAsync();
        var parents = new Dictionary<string, string?>();
        for (var step = 0; step < 250; step++)
        {
            var id = $"a{random.Next(40)}";
            var other = $"a{random.Next(40)}";
            switch (random.Next(5))
            {
                case 0 or 1 when !parents.ContainsKey(id):
                    var parent = parents.ContainsKey(other) && random.Next(3) > 0 ? other : null;
                    await mesh.RegisterAsync(id, more: parent is null ? "" : $",\"parent_id\":\"{parent}\"");
                    parents[id] = parent;
                    break;
                case 2 or 3 when parents.ContainsKey(id):
                    var to = random.Next(4) == 0 ? null : other;
                    var reply = await mesh.PostAsync($"agents/{id}/move", $$"""{"parent_id":{{(to is null ? "null" : $"\"{to}\"")}}}""");
                    var isAllowed = to is null || (parents.ContainsKey(to) && !Above(parents, to).Contains(id));
                    Assert.True(reply.Status == (isAllowed ? 200 : 400), $"seed {seed}, step {step}: {reply.Text}");
                    parents[id] = isAllowed ? to : parents[id];
                    break;
                case 4 when parents.ContainsKey(id) && random.Next(3) == 0:
                    await mesh.PostAsync($"agents/{id}/exit", """{"incarnation":0}""");
                    await mesh.DeleteAsync($"agents/{id}?force=true&cascade=none");
                    await mesh.PostAsync($"agents/{id}/revive");
                    Assert.Equal(200, (await mesh.DeleteAsync($"agents/{id}?forget=true")).Status);
                    var above = parents[id];
                    parents.Remove(id);
                    foreach (var child in parents.Where(pair => pair.Value == id).Select(pair => pair.Key).ToList())
                    {
                        parents[child] = above; // cascade=none hands the children to the grandparent
                    }

                    break;
            }
        }

        var rows = await WalkAsync(mesh, "", random.Next(1, 20));
        Assert.Equal(
            parents.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)),
            rows.Select(row => (row["agent_id"]!.GetValue<string>(), row["parent_id"]?.GetValue<string>()))
                .OrderBy(row => row.Item1, StringComparer.Ordinal));
        foreach (var row in rows)
        {
            var id = row["agent_id"]!.GetValue<string>();
            Assert.Equal(parents.Keys.Count(below => Above(parents, below).Contains(id)), row["subtree"]!["alive"]!.GetValue<int>());
        }
    }

    /// <summary>An agent and all above it.</summary>
    private static List<string> Above(Dictionary<string, string?> parents, string id)
    {
        var above = new List<string>();
        for (var at = id; at is not null; at = parents[at])
        {
            Assert.DoesNotContain(at, above);
            above.Add(at);
        }

        return above;
    }

    private static async Task<string> BelowAsync(MeshHost mesh, string root) =>
        string.Join(',', (await WalkAsync(mesh, "root=" + root, 100)).Select(row => row["agent_id"]!.GetValue<string>()));

    private static async Task<List<string>> OrphansAsync(MeshHost mesh) =>
        [.. (await mesh.GetAsync("alive?filter=orphaned")).Json["sessions"]!.AsArray().Select(row => row!["agent_id"]!.GetValue<string>())];

    private static async Task<List<JsonNode>> WalkAsync(MeshHost mesh, string query, int limit)
    {
        var rows = new List<JsonNode>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await mesh.GetAsync($"topology?fields=agent_id,parent_id&limit={limit}&{query}{cursor}");
            Assert.Equal(200, page.Status);
            rows.AddRange(page.Json["agents"]!.AsArray().Select(row => row!));
            cursor = page.Json["next_cursor"] is { } next ? "&cursor=" + next : null;
        }

        return rows;
    }

    /// <summary>lead over one (over deep) and two; a dead one that an orphan lives below; and one that is dead alone.</summary>
    private static async Task<MeshHost> ForestAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lead", ttl: 600);
        await mesh.RegisterAsync("one", ttl: 600, more: ",\"parent_id\":\"lead\"");
        await mesh.RegisterAsync("deep", ttl: 600, more: ",\"parent_id\":\"one\",\"cluster\":\"eu\"");
        await mesh.RegisterAsync("two", ttl: 600, more: ",\"parent_id\":\"lead\"");
        await mesh.RegisterAsync("gone", ttl: 600);
        await mesh.RegisterAsync("orphan", ttl: 600, more: ",\"parent_id\":\"gone\"");
        await mesh.RegisterAsync("dead", ttl: 600);
        await mesh.PostAsync("agents/dead/exit", """{"incarnation":1}""");
        await mesh.PostAsync("agents/gone/exit", """{"incarnation":1}""");
        await mesh.PostAsync("agents/deep/heartbeat", """{"activity":"working","progress":1,"progress_interval":10,"load":0.75}""");
        await mesh.PostAsync("agents/two/heartbeat", """{"activity":"idle","load":0.25}""");
        await mesh.SteerAsync("one");
        await mesh.SteerAsync("deep");
        await mesh.AdvanceAsync(11);
        return mesh;
    }
}
