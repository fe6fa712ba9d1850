using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Dashboard.Agents;
using SessionMesh.Dashboard.Layout;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Agents;

/// <summary>The table of agents, over the real server.</summary>
public sealed class AgentsTabTests
{
    /// <summary>A link ended the page: the client takes no such id.</summary>
    [Theory]
    [InlineData("..%2Fkeys")]
    [InlineData("%E2%80%AE")]
    [InlineData("%00")]
    public async Task Address_WithAnAgentThatCannotBe_SaysSo(string id)
    {
        await using var host = await PageHost.StartAsync();
        await host.SignInAsync("mesh:read");
        var page = host.Open("/?tab=agents&agent=" + id);
        page.WaitForAssertion(() => Assert.Contains(
            "no agent's id", page.Find(".drawer [role=alert]").TextContent, StringComparison.Ordinal));
    }

    /// <summary>An act reaches all who were chosen: those of another list are counted, and a dialog names them.</summary>
    [Fact]
    public async Task Chosen_WhoAreNotInTheList_AreSaid()
    {
        await using var host = await PageHost.StartAsync();
        await host.RegisterAsync("a");
        await host.RegisterAsync("b");
        await host.SignInAsync("mesh:read", "kill");
        var page = host.Open("/?tab=agents");
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("tbody tr").Count));
        await page.PressAsync("Choose all shown");
        host.Go("/?tab=agents&prefix=a");
        page.WaitForAssertion(() => Assert.Equal(
            "1 agent, 2 chosen (1 of them not in this list)", page.Find(".chosen [role=status]").TextContent));
        await page.PressAsync("Kill", ".acts");
        page.WaitForAssertion(() => Assert.Equal(["a", "b"], page.FindAll("dialog .name").Select(name => name.TextContent)));
    }

    /// <summary>A link may hold anything, and what is wrong with it is said in its own words.</summary>
    [Fact]
    public async Task Fault_ThatRepeatsAnAddress_ShowsWhatWouldTurnTheLine()
    {
        await using var host = await PageHost.StartAsync();
        await host.SignInAsync("mesh:read");
        var page = host.Open("/?tab=agents&label=%E2%80%AE");
        page.WaitForAssertion(() => Assert.Contains("⟨U+202E⟩", page.Find("#filter-label-more").TextContent, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("label=env%3Dprod", "a")]
    [InlineData("label=tier!%3Dfree", "a c d")]
    [InlineData("user=bob", "b")]
    [InlineData("parent=a", "b")]
    [InlineData("subtree=b", "b c")]
    [InlineData("prefix=d", "d")]
    [InlineData("any_specialization=ocr,sql", "a b")]
    [InlineData("all_specializations=sql,other", "b")]
    [InlineData("all_specializations=other", "b c d")]
    [InlineData("specialization=sql", "b")]
    [InlineData("cluster=blue", "a c")]
    [InlineData("cluster=blue&subtree=b", "c")]
    [InlineData("q=prod", "a")]
    [InlineData("filter=idle", "c")]
    [InlineData("", "a b c d")]
    public async Task Address_NarrowsTheTable_AsTheApiDoes(string query, string ids)
    {
        await using var host = await StartAsync();
        var page = host.Open("/?tab=agents&" + query);
        page.WaitForAssertion(() => Assert.Equal(ids.Split(' '), Rows(page)));
    }

    public static TheoryData<string> Sorts => [.. AliveSort.Allowed];

    [Theory]
    [MemberData(nameof(Sorts))]
    public async Task Order_EachOne_IsTheApis(string sort)
    {
        await using var host = await StartAsync();
        var expected = await host.Root.AgentsAsync(new AgentQuery { Filter = "all", Sort = sort });
        var page = host.Open("/?tab=agents");
        page.WaitForAssertion(() => Assert.Equal(4, Rows(page).Count));
        await page.OnAsync("#filter-sort", field => field.ChangeAsync(sort));
        page.WaitForAssertion(() => Assert.Equal(expected.Sessions.Select(row => row.AgentId), Rows(page)));
        Assert.Equal(sort == "id" ? null : sort, AddressOf(host).Sort);
        Assert.DoesNotContain(page.FindAll("#filter-sort option"), option => option.TextContent == option.GetAttribute("value"));
    }

    [Theory]
    [InlineData("q", "two words")]
    [InlineData("specialization", "ocr")]
    [InlineData("cluster", "blue")]
    [InlineData("label", "env=prod,tier!=free")]
    [InlineData("user", "ann")]
    [InlineData("parent", "a")]
    [InlineData("subtree", "a")]
    [InlineData("prefix", "a")]
    [InlineData("any_specialization", "ocr,sql")]
    [InlineData("all_specializations", "ocr,sql")]
    public async Task Field_EachOne_HasAName_AndGoesToTheAddress_AndBack(string name, string text)
    {
        await using var host = await StartAsync();
        var page = host.Open("/?tab=agents");
        Assert.NotEqual("", page.Find($"label[for=filter-{name}]").TextContent);
        await page.OnAsync("#filter-" + name, field => field.ChangeAsync($" {text} "));
        page.WaitForAssertion(() => Assert.Equal(text, page.Find("#filter-" + name).GetAttribute("value")));
        Assert.Equal(Address.Of($"http://localhost/?tab=agents&{name}={Uri.EscapeDataString(text)}"), AddressOf(host));
        host.Go("/?tab=agents");
        page.WaitForAssertion(() => Assert.True(string.IsNullOrEmpty(page.Find("#filter-" + name).GetAttribute("value"))));
        page.WaitForAssertion(() => Assert.Equal(["a", "b", "c", "d"], Rows(page)));
    }

    [Theory]
    [InlineData("label", "env")]
    [InlineData("label", "env=prod,!=x")]
    [InlineData("prefix", "no id")]
    [InlineData("q", "1 2 3 4 5 6 7 8 9")]
    public async Task Filter_ThatIsNotValid_SaysTheApisReasonBelowItsField_AndKeepsTheLastRows(string name, string text)
    {
        await using var host = await StartAsync();
        var query = new AgentQuery
        {
            LabelTerms = name == "label" ? [text] : [], Prefix = name == "prefix" ? text : null, Search = name == "q" ? text : null,
        };
        var refused = await Assert.ThrowsAsync<MeshException>(() => host.Root.AgentsAsync(query));
        var page = host.Open("/?tab=agents&cluster=blue");
        page.WaitForAssertion(() => Assert.Equal(["a", "c"], Rows(page)));
        await page.OnAsync("#filter-" + name, field => field.ChangeAsync(text));
        page.WaitForAssertion(() => Assert.Equal(refused.Problem!.Errors![0].Message, page.Find($"#filter-{name}-more").TextContent));
        Assert.Equal("true", page.Find("#filter-" + name).GetAttribute("aria-invalid"));
        Assert.Equal(text, page.Find("#filter-" + name).GetAttribute("value"));
        Assert.Equal(["a", "c"], Rows(page));
        Assert.Contains("2 agents from before", page.Find(".chosen").TextContent, StringComparison.Ordinal);
        Assert.Single(page.FindAll("[role=alert]"));
        await page.OnAsync("#filter-" + name, field => field.ChangeAsync(""));
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("[role=alert]")));
    }

    /// <summary>A link with a filter that is not valid does not show everybody: there are no rows from before.</summary>
    [Fact]
    public async Task Filter_ThatIsNotValidFromTheStart_ShowsNobody()
    {
        await using var host = await StartAsync();
        var page = host.Open("/?tab=agents&label=env");
        page.WaitForAssertion(() => Assert.Equal("true", page.Find("#filter-label").GetAttribute("aria-invalid")));
        Assert.NotNull(page.Find("details").GetAttribute("open"));
        await host.RegisterAsync("e"); // the fleet goes on, and nobody of it is a match
        var live = host.Page.Services.GetRequiredService<LiveMesh>();
        page.WaitForAssertion(() => Assert.NotNull(live.Fleet.Find("e")));
        Assert.Empty(Rows(page));
        Assert.StartsWith("0 agents", page.Find(".chosen").TextContent.Trim(), StringComparison.Ordinal);
    }

    /// <summary>What has no field of its own is said above the table.</summary>
    [Fact]
    public async Task Order_ThatIsNone_IsSaid()
    {
        await using var host = await StartAsync();
        var page = host.Open("/?tab=agents&sort=beauty");
        page.WaitForAssertion(() => Assert.Contains("sort: is one of", page.Find("p.fault").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clear_LeavesTheTabAlone()
    {
        await using var host = await StartAsync();
        var page = host.Open("/?tab=agents&cluster=blue&label=env%3Dprod&sort=-load");
        page.WaitForAssertion(() => Assert.Equal(["a"], Rows(page)));
        await page.PressAsync("Clear the filters");
        page.WaitForAssertion(() => Assert.Equal(["a", "b", "c", "d"], Rows(page)));
        Assert.Equal("/?tab=agents", AddressOf(host).ToUri());
    }

    /// <summary>An agent that comes to match is there without a look by hand, and one that does not any more is gone.</summary>
    [Fact]
    public async Task Rows_FollowWhoMatches()
    {
        await using var host = await StartAsync();
        var page = host.Open("/?tab=agents&label=env%3Dprod");
        page.WaitForAssertion(() => Assert.Equal(["a"], Rows(page)));
        await host.Root.RegisterAsync(new RegisterAgentRequest
        {
            AgentId = "e", Ttl = 600, Labels = new Dictionary<string, string> { ["env"] = "prod" },
        });
        page.WaitForAssertion(() => Assert.Equal(["a", "e"], Rows(page)), TimeSpan.FromSeconds(10));
    }

    internal static IReadOnlyList<string> Rows(IRenderedComponent<Home> page) =>
        [.. page.FindComponent<AgentsTab>().Instance.Rows.Select(agent => agent.Id)];

    /// <summary>Four agents: a with b below it, c below that, and d alone.</summary>
    internal static async Task<PageHost> StartAsync(params string[] scopes)
    {
        var host = await PageHost.StartAsync();
        await host.Root.RegisterAsync(Agent("a", null, "blue", "ann", "ocr", ("env", "prod")));
        await host.Root.RegisterAsync(Agent("b", "a", "red", "bob", "sql", ("env", "dev"), ("tier", "free")) with
        {
            Specializations = [new() { Name = "sql" }, new() { Name = "other" }],
        });
        await host.Root.RegisterAsync(Agent("c", "b", "blue", null, "other"));
        await host.Root.RegisterAsync(Agent("d", null, "red", null, "other"));
        await host.Root.HeartbeatAsync("c", new HeartbeatRequest { Load = 0.9, Activity = "idle", Progress = 1 });
        await host.Root.HeartbeatAsync("b", new HeartbeatRequest { Load = 0.1, Activity = "working", Progress = 2 });
        await host.SignInAsync(scopes.Length == 0 ? ["mesh:read"] : scopes);
        return host;
    }

    internal static RegisterAgentRequest Agent(
        string id, string? parent, string cluster, string? user, string specialization, params (string Name, string Value)[] labels) =>
        new()
        {
            AgentId = id,
            ParentId = parent,
            Cluster = cluster,
            User = user,
            Specializations = [new() { Name = specialization }],
            Labels = labels.ToDictionary(label => label.Name, label => label.Value),
            Ttl = 600,
        };

    private static Address AddressOf(PageHost host) => Address.Of(host.Page.Services.GetRequiredService<NavigationManager>().Uri);
}
