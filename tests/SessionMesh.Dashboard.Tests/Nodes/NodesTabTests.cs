using Bunit;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Contracts.Keys;
using SessionMesh.Dashboard.Layout;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.Tests.Support;
using SessionMesh.Server.Nodes;

namespace SessionMesh.Dashboard.Tests.Nodes;

public sealed class NodesTabTests
{
    private readonly SomeNodes _nodes = new();

    [Fact]
    public async Task Tab_OfAServerThatIsAlone_IsNotThere()
    {
        _nodes.Count = 1;
        await using var host = await StartAsync();
        var page = await LookAsync(host, "/?tab=events");
        Assert.Equal(["overview", "agents", "lineage", "registry", "sessions", "keys", "audit", "events"], Tabs(page));
        await page.OnAsync("[role=tablist]", tabs => tabs.KeyDownAsync(new KeyboardEventArgs { Key = "ArrowRight" }));
        Assert.Equal("tab-overview", page.Find("[aria-selected=true]").Id); // behind the last comes the first
    }

    [Fact]
    public async Task Tab_OfSeveral_ShowsWhoIsTheJudge_AndHowFarEachIsBehind()
    {
        _nodes.Count = 2;
        await using var host = await StartAsync();
        var page = await LookAsync(host, "/");
        page.WaitForAssertion(() => Assert.Equal("nodes", Tabs(page)[^1]));
        await page.OnAsync("#tab-nodes", tab => tab.ClickAsync());
        page.WaitForAssertion(() => Assert.Equal(
            [
                "Node|Version|Judge|Revision|Behind by|Agents|Streams", "n0|0.1.0|yes|12,345|0|40|12", "n1|0.1.0|no|12,344|1|40|12",
            ],
            Table(page)));
        Assert.Contains("2 servers run on this mesh.", page.Find("#panel").TextContent, StringComparison.Ordinal);
        Assert.Equal("nodes-title", page.Find("#panel section").GetAttribute("aria-labelledby"));
        Assert.Equal("Nodes, a table", page.Find(".table[role=region][tabindex='0']").GetAttribute("aria-label"));
    }

    /// <summary>Whoever looks at the nodes is not sent elsewhere because one has gone: the table says so.</summary>
    [Fact]
    public async Task Tab_WhenTheOthersGo_StaysForWhoLooksAtIt()
    {
        _nodes.Count = 2;
        await using var host = await StartAsync();
        var page = await LookAsync(host, "/?tab=nodes");
        page.WaitForAssertion(() => Assert.Equal(3, Table(page).Count));
        _nodes.Count = 1;
        host.Page.Services.GetRequiredService<LiveMesh>().Nudge();
        page.WaitForAssertion(() => Assert.Equal(2, Table(page).Count));
        Assert.Contains("One server runs on this mesh.", page.Find("#panel").TextContent, StringComparison.Ordinal);
        Assert.Equal("nodes", Tabs(page)[^1]);
        await page.OnAsync("#tab-keys", tab => tab.ClickAsync());
        page.WaitForAssertion(() => Assert.Equal("events", Tabs(page)[^1]));
    }

    [Fact]
    public async Task Tab_ForAKeyThatIsLimited_SaysThatTheCountsAreNotKnown()
    {
        _nodes.Count = 1;
        await using var host = await StartAsync();
        var page = host.Open("/?tab=nodes");
        await host.SignInAsync(new CreateKeyRequest { Scopes = [Scopes.MeshRead], Within = ["cluster:x"] });
        page.WaitForAssertion(() => Assert.Equal("n0|0.1.0|yes|12,345|0|–|–", Table(page)[^1]));
    }

    private Task<PageHost> StartAsync() => PageHost.StartAsync(services => services.AddSingleton<IMeshNodes>(_nodes));

    /// <summary>The page once the mesh was looked at.</summary>
    private static async Task<IRenderedComponent<Home>> LookAsync(PageHost host, string address)
    {
        var page = host.Open(address);
        await host.SignInAsync(Scopes.MeshRead);
        page.WaitForAssertion(
            () => Assert.Equal(Freshness.Live, host.Page.Services.GetRequiredService<LiveMesh>().Freshness));
        return page;
    }

    private static List<string> Tabs(IRenderedComponent<Home> page) =>
        [.. page.FindAll("[role=tab]").Select(tab => tab.Id!["tab-".Length..])];

    /// <summary>Without the time, which goes on.</summary>
    private static List<string> Table(IRenderedComponent<Home> page) =>
    [
        .. page.FindAll("#panel .grid tr").Select(row => string.Join('|', row.Children.SkipLast(1).Select(cell => cell.TextContent))),
    ];

    private sealed class SomeNodes : IMeshNodes
    {
        public int Count { get; set; }

        public IReadOnlyList<NodeStatus> List() =>
        [
            .. Enumerable.Range(0, Count).Select(n => new NodeStatus(
                $"n{n}", "0.1.0", IsJudge: n == 0, 12_345 - n, Agents: 40, Streams: 12, SeenAt: 1_700_000_000_000)),
        ];
    }
}
