using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Links;

public sealed class LinkTests
{
    [Fact]
    public async Task Put_DeclaresALink_AndEverythingShowsIt()
    {
        await using var mesh = await MeshAsync("a", "b", "c");
        (await PutAsync(mesh, """{"from":"a","to":"b"}""")).ShouldBe(201, Link("a", "b"));
        (await PutAsync(mesh, """{"from":"b","to":"a","kind":"waits for","weight":2.5}"""))
            .ShouldBe(201, Link("b", "a", "waits for", "2.5"));
        (await PutAsync(mesh, """{"from":"b","to":"c","weight":0}""")).ShouldBe(201, Link("b", "c", weight: "0"));
        (await mesh.GetAsync("links")).ShouldBe(200, Page(Link("a", "b"), Link("b", "a", "waits for", "2.5"), Link("b", "c", weight: "0")));
        (await mesh.GetAsync("links?agent_id=a")).ShouldBe(200, Page(Link("a", "b"), Link("b", "a", "waits for", "2.5")));
        (await mesh.GetAsync("links?agent_id=c")).ShouldBe(200, Page(Link("b", "c", weight: "0")));
        (await mesh.GetAsync("links?agent_id=b&kind=waits%20for")).ShouldBe(200, Page(Link("b", "a", "waits for", "2.5")));
        (await mesh.GetAsync("links?agent_id=nobody")).ShouldBe(200, Page());
        Assert.Equal(
            """[{"from":"a","to":"b","kind":"link","weight":1},{"from":"b","to":"a","kind":"waits for","weight":2.5},"""
            + """{"from":"b","to":"c","kind":"link","weight":0}]""",
            (await mesh.GetAsync("topology")).Json["links"]!.ToJsonString());
        Assert.Equal(
            """[{"from":"a","to":"b","kind":"link","weight":1}]""",
            (await mesh.GetAsync("topology?root=a")).Json["links"]!.ToJsonString());
        var change = (await mesh.ChangeAsync("link.made", "b")).Json;
        Assert.Equal(("a", "waits for", 2.5), (
            change["to"]!.GetValue<string>(), change["link_kind"]!.GetValue<string>(), change["link_weight"]!.GetValue<double>()));
    }

    [Fact]
    public async Task Put_Again_ChangesTheWeight_OrNothing()
    {
        await using var mesh = await MeshAsync("a", "b");
        await PutAsync(mesh, """{"from":"a","to":"b"}""");
        var revision = mesh.Revision;
        (await PutAsync(mesh, """{"from":"a","to":"b","weight":1.0}""")).ShouldBe(200, Link("a", "b"));
        (await PutAsync(mesh, """{"from":1,"to":"b"}""")).ShouldBeProblem(404, "agent_not_found"); // an id that is a number is its text
        Assert.Equal(revision, mesh.Revision);
        (await PutAsync(mesh, """{"from":"a","to":"b","weight":7}""")).ShouldBe(200, Link("a", "b", weight: "7"));
        Assert.Equal(revision + 1, mesh.Revision);
        Assert.Equal(7, (await mesh.ChangeAsync("link.changed", "a")).Json["link_weight"]!.GetValue<double>());
        (await mesh.GetAsync("links")).ShouldBe(200, Page(Link("a", "b", weight: "7")));
        (await PutAsync(mesh, """{"from":"a","to":"b"}""")).ShouldBe(200, Link("a", "b", weight: "7"));
        Assert.Equal(revision + 1, mesh.Revision);
    }

    [Fact]
    public async Task Remove_EndsTheLinkOfThatKindAndDirection()
    {
        await using var mesh = await MeshAsync("a", "b");
        await PutAsync(mesh, """{"from":"a","to":"b"}""");
        await PutAsync(mesh, """{"from":"b","to":"a"}""");
        await PutAsync(mesh, """{"from":"a","to":"b","kind":"other"}""");
        (await mesh.DeleteAsync("links?from=a&to=b")).ShouldBe(200, Link("a", "b"));
        (await mesh.GetAsync("links")).ShouldBe(200, Page(Link("b", "a"), Link("a", "b", "other")));
        var refused = (await mesh.DeleteAsync("links?from=a&to=b")).ShouldBeProblem(404, "link_not_found");
        Assert.Equal(
            "There is no link 'link' from 'a' to 'b'. See what there is with GET /api/session-mesh/links?agent_id=a.", refused.Detail);
        (await mesh.DeleteAsync("links?from=a&to=b&kind=other")).ShouldBe(200, Link("a", "b", "other"));
        (await mesh.DeleteAsync("links?from=a&to=nobody")).ShouldBeProblem(404, "agent_not_found");
        (await mesh.DeleteAsync("links?from=a")).ShouldBeProblem(400, "invalid_request", ",\"errors\":[\"*\"]");
    }

    [Fact]
    public async Task Link_OutlivesARestart_AndAnAgentsEnd_ButNotItsForgetting()
    {
        await using var mesh = await MeshAsync("a", "b", "c");
        await PutAsync(mesh, """{"from":"a","to":"b","weight":2}""");
        await PutAsync(mesh, """{"from":"b","to":"c"}""");
        await PutAsync(mesh, """{"from":"c","to":"a"}""");
        await PutAsync(mesh, """{"from":"a","to":"b","weight":3}""");
        await mesh.RestartAsync();
        await mesh.PostAsync("agents/b/exit", """{"incarnation":1}""");
        (await mesh.GetAsync("links")).ShouldBe(200, Page(Link("a", "b", weight: "3"), Link("b", "c"), Link("c", "a")));
        Assert.Equal(200, (await mesh.DeleteAsync("agents/b?forget=true")).Status);
        (await mesh.GetAsync("links")).ShouldBe(200, Page(Link("c", "a")));
        await mesh.RegisterAsync("b");
        (await mesh.GetAsync("links?agent_id=b")).ShouldBe(200, Page());
        await mesh.RestartAsync();
        (await mesh.GetAsync("links")).ShouldBe(200, Page(Link("c", "a")));
    }

    [Theory]
    [InlineData(
        """{"to":"b"}""",
        "from: is missing; an id has 1 to 128 characters, letters, digits or . _ : -, "
        + "and starts with a letter or digit.")]
    [InlineData("""{"from":"a","to":"a"}""", "to: is the agent that the link begins at; a link is between two.")]
    [InlineData("""{"from":"a","to":"b","kind":""}""", "kind: has 1 to 128 characters, none of them a control character.")]
    [InlineData("""{"from":"a","to":"b","weight":-1}""", "weight: is a number from 0 to 1000000000.")]
    [InlineData("""{"from":"a","to":"b","weight":1000000000.1}""", "weight: is a number from 0 to 1000000000.")]
    public async Task Put_BadInput_SaysWhat(string body, string detail)
    {
        await using var mesh = await MeshAsync("a", "b");
        Assert.Equal(detail, (await PutAsync(mesh, body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":[\"*\"]").Detail);
        (await PutAsync(mesh, """{"from":"a","to":"b","weight":1000000000}""")).ShouldBe(201, Link("a", "b", weight: "1000000000"));
    }

    [Fact]
    public async Task Put_UnknownAgent_IsNotFound()
    {
        await using var mesh = await MeshAsync("a");
        (await PutAsync(mesh, """{"from":"a","to":"nobody"}""")).ShouldBeProblem(404, "agent_not_found");
        (await PutAsync(mesh, """{"from":"nobody","to":"a"}""")).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task List_Pages_InTheOrderInWhichTheyWereDeclared()
    {
        await using var mesh = await MeshAsync("hub", "a", "b", "c", "d");
        foreach (var id in (string[])["a", "b", "c", "d"])
        {
            await PutAsync(mesh, $$"""{"from":"{{id}}","to":"hub"}""");
            await PutAsync(mesh, $$"""{"from":"hub","to":"{{id}}"}""");
        }

        foreach (var of in (string[])["", "&agent_id=hub"])
        {
            var seen = new List<string>();
            for (var cursor = ""; ;)
            {
                var page = (await mesh.GetAsync($"links?limit=3{of}{cursor}")).Json;
                seen.AddRange(page["links"]!.AsArray().Select(link => $"{link!["from"]}>{link["to"]}"));
                if (page["next_cursor"] is null)
                {
                    break;
                }

                cursor = "&cursor=" + page["next_cursor"]!.GetValue<string>();
            }

            Assert.Equal(["a>hub", "hub>a", "b>hub", "hub>b", "c>hub", "hub>c", "d>hub", "hub>d"], seen);
        }
    }

    /// <summary>A key that is limited to some agents neither sees nor makes a link to one beyond them.</summary>
    [Fact]
    public async Task Within_OnlyTheLinksOfThoseItReaches()
    {
        await using var mesh = await MeshAsync("a", "out");
        await mesh.RegisterAsync("b", more: ""","parent_id":"a" """);
        await PutAsync(mesh, """{"from":"a","to":"out"}""");
        await PutAsync(mesh, """{"from":"out","to":"b"}""");
        await PutAsync(mesh, """{"from":"b","to":"a"}""");
        var key = await mesh.MintAsync("""{"scopes":["mesh:read","registry:write"],"within":["subtree:a"]}""");
        (await mesh.GetAsync("links", key)).ShouldBe(200, Page(Link("b", "a")));
        (await mesh.GetAsync("links?agent_id=out", key)).ShouldBe(200, Page());
        Assert.Equal(
            """[{"from":"b","to":"a","kind":"link","weight":1}]""",
            (await mesh.GetAsync("topology", key)).Json["links"]!.ToJsonString());
        (await mesh.SendAsync(HttpMethod.Put, "links", """{"from":"a","to":"out","kind":"k"}""", key))
            .ShouldBeProblem(404, "agent_not_found");
        (await mesh.SendAsync(HttpMethod.Put, "links", """{"from":"a","to":"b"}""", key)).ShouldBe(201, Link("a", "b"));
        (await mesh.DeleteAsync("links?from=out&to=b", key)).ShouldBeProblem(404, "agent_not_found");
        (await mesh.DeleteAsync("links?from=b&to=a", key)).ShouldBe(200, Link("b", "a"));
        var self = await mesh.MintAsync("""{"scopes":["agent:self"],"agent_id":"a"}""");
        (await mesh.SendAsync(HttpMethod.Put, "links", """{"from":"a","to":"b"}""", self)).ShouldBeProblem(403, "missing_scope");
    }

    /// <summary>No call looks at more than 10,000 links: what is not found by then is in the next page.</summary>
    [Fact]
    public async Task List_OfFewAmongMany_EndsAPageWhereItHasLookedLongEnough()
    {
        await using var mesh = await MeshAsync([.. Enumerable.Range(0, 12).Select(i => $"a{i:00}")]);
        for (var from = 0; from < 10; from++)
        {
            await Task.WhenAll(Enumerable.Range(0, Limits.LinksFromAgent).Select(kind =>
                PutAsync(mesh, $$"""{"from":"a{{from:00}}","to":"a{{from + 1:00}}","kind":"{{kind}}"}""")));
        }

        await PutAsync(mesh, """{"from":"a11","to":"a10","kind":"rare"}""");
        var first = (await mesh.GetAsync("links?kind=rare")).Json;
        Assert.Equal("[]", first["links"]!.ToJsonString());
        (await mesh.GetAsync("links?kind=rare&cursor=" + first["next_cursor"]!.GetValue<string>()))
            .ShouldBe(200, Page(Link("a11", "a10", "rare")));
    }

    [Fact]
    public async Task Topology_PageWithMoreThanTenThousandLinks_EndsSooner()
    {
        await using var mesh = await MeshAsync([.. Enumerable.Range(0, 13).Select(i => $"a{i:00}")]);
        for (var from = 0; from < 10; from++)
        {
            await Task.WhenAll(Enumerable.Range(0, Limits.LinksFromAgent).Select(kind =>
                PutAsync(mesh, $$"""{"from":"a{{from:00}}","to":"a12","kind":"{{kind}}"}""")));
        }

        // Ten agents with a thousand each fill a page; the others are in the next.
        var first = (await mesh.GetAsync("topology?fields=agent_id")).Json;
        Assert.Equal((10, Limits.TopologyLinks), (first["agents"]!.AsArray().Count, first["links"]!.AsArray().Count));
        Assert.Equal("a12", first["links"]![0]!["to"]!.GetValue<string>());
        var second = (await mesh.GetAsync("topology?fields=agent_id&cursor=" + first["next_cursor"]!.GetValue<string>())).Json;
        Assert.Equal(
            ["a10", "a11", "a12"], second["agents"]!.AsArray().Select(agent => agent!["agent_id"]!.GetValue<string>()));
        Assert.Equal("""[]""", second["links"]!.ToJsonString());
        Assert.Null(second["next_cursor"]);
        var refused = (await PutAsync(mesh, """{"from":"a11","to":"a12"}""")).ShouldBeProblem(429, "link_quota");
        Assert.Equal(
            "10000 links lead to agent 'a12', which is the limit. Remove some that no longer hold with DELETE /api/session-mesh/links.",
            refused.Detail);
    }

    private static async Task<MeshHost> MeshAsync(params string[] ids)
    {
        var mesh = await MeshHost.StartAsync();
        foreach (var id in ids)
        {
            await mesh.RegisterAsync(id);
        }

        return mesh;
    }

    private static Task<Reply> PutAsync(MeshHost mesh, string body) => mesh.SendAsync(HttpMethod.Put, "links", body);

    private static string Link(string from, string to, string kind = "link", string weight = "1") =>
        $$"""{"from":"{{from}}","to":"{{to}}","kind":"{{kind}}","weight":{{weight}},"created_at":"*"}""";

    private static string Page(params string[] links) => string.Create(
        CultureInfo.InvariantCulture, $$"""{"links":[{{string.Join(',', links)}}],"next_cursor":null}""");
}
