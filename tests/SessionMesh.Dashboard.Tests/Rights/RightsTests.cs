using Bunit;
using Microsoft.AspNetCore.Components;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Keys;
using SessionMesh.Dashboard.Registry;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Rights;

/// <summary>The page has no rights of its own: each thing that it does is refused where the key may not, with the mesh's reason.</summary>
public sealed class RightsTests
{
    /// <summary>Calls of the client that change nothing.</summary>
    private static readonly string[] s_reads =
    [
        "AgentAsync", "AgentsAsync", "AuditAsync", "HistoryAsync", "KeysAsync", "MatchAsync", "NodesAsync", "OwnKeyAsync",
        "RegistryAsync", "SessionAsync", "SessionsAsync", "StatusAsync", "TopologyAsync",
    ];

    /// <summary>Buttons that ask the mesh.</summary>
    private static readonly string[] s_looks = ["Ask", "Look again", "More"];

    /// <summary>
    /// What is no act of a person with a key: the acts' own calls, which are reached by the lines of the walk alone, and the trade of a
    /// code, which is all the right that there is at that point (SignInTests).
    /// </summary>
    private static readonly string[] s_within =
    [
        "Acts > KillAsync", "Acts > KillManyAsync", "Acts > KillManyAsync", "Acts > SteerAsync", "Acts > SteerManyAsync",
        "Acts > SteerManyAsync", "Viewer > TradeSignInCodeAsync",
    ];

    public static TheoryData<string> Names => [.. PageActs.All.Select(act => act.Name)];

    /// <summary>Each act, with a key that only reads, and with one that reaches another subtree.</summary>
    public static IEnumerable<object[]> Walk =>
        PageActs.All.SelectMany(_ => (bool[])[false, true], (act, isElsewhere) => new object[] { act.Name, isElsewhere });

    /// <summary>
    /// The dialog was opened by somebody who may, so that the page itself has no reason left to say no; then the key is one that may not:
    /// it only reads, or it reaches another subtree.
    /// </summary>
    [Theory]
    [MemberData(nameof(Walk))]
    public async Task Act_WithoutTheRight_IsRefused_SaysWhy_AndChangesNothing(string name, bool isElsewhere)
    {
        var act = PageActs.All.Single(act => act.Name == name);
        await using var host = await StartAsync();
        Assert.Null(await host.Viewer.SignInAsync(host.RootKey));
        var page = await act.OpenAsync(host);
        var weak = (await host.Root.CreateKeyAsync(isElsewhere ? Elsewhere : new CreateKeyRequest { Scopes = [Scopes.MeshRead] })).Token;
        Assert.Null(await host.Viewer.SignInAsync(weak));
        host.Writes.Clear();
        var before = await RevisionAsync(host);

        await act.PressAsync(page);

        var reason = await ReasonAsync(host, act, weak);
        page.WaitForAssertion(() => Assert.Contains(reason, Said(page), StringComparison.Ordinal));
        Assert.NotEmpty(host.Writes); // it was the mesh that refused
        Assert.Equal(before, await RevisionAsync(host));
    }

    /// <summary>The walk is no walk of refusals by mistake: with the right the same presses do it.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Act_WithTheRight_IsDone(string name)
    {
        var act = PageActs.All.Single(act => act.Name == name);
        await using var host = await StartAsync();
        Assert.Null(await host.Viewer.SignInAsync(host.RootKey));
        var page = await act.OpenAsync(host);
        var before = await RevisionAsync(host);
        await act.PressAsync(page);
        if (name.StartsWith("Count", StringComparison.Ordinal))
        {
            page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("dialog")));
            Assert.Equal(before, await RevisionAsync(host));
        }
        else
        {
            Assert.True(await RevisionAsync(host) > before);
        }
    }

    /// <summary>Who should do it is no change, but wants a right, too; and whoever is beyond a key's reach is not named.</summary>
    [Fact]
    public async Task Match_WithoutTheRight_IsRefused_AndNamesNobodyBeyondTheReach()
    {
        await using var host = await StartAsync();
        Assert.Null(await host.Viewer.SignInAsync(host.RootKey));
        var tab = host.Page.Render<RegistryTab>();
        tab.WaitForAssertion(() => Assert.NotEmpty(tab.FindAll("td button.quiet")));
        await host.SignInAsync(Scopes.SessionsRead);
        await tab.OnAsync("td button.quiet", ask => ask.ClickAsync());
        tab.WaitForAssertion(() => Assert.Contains("This key lacks the scope mesh:read.", Said(tab), StringComparison.Ordinal));
        Assert.Null(await host.Viewer.SignInAsync((await host.Root.CreateKeyAsync(Elsewhere)).Token));
        await tab.OnAsync("td button.quiet", ask => ask.ClickAsync());
        tab.WaitForAssertion(() => Assert.Equal(["other"], tab.FindAll(".match li button").Select(match => match.TextContent)));
    }

    /// <summary>A call that is added to the page is a read, or has a line in the walk.</summary>
    [Fact]
    public void Calls_OfThePage_AreReads_OrWalked()
    {
        var writes = CallsOfPage.All.Where(call => !s_reads.Contains(call.Split(" > ")[1])).Order(StringComparer.Ordinal);
        var walked = PageActs.All.SelectMany(act => act.Calls).Distinct().Concat(s_within).Order(StringComparer.Ordinal);
        Assert.Equal(walked, writes);
        Assert.Empty(s_reads.Except(CallsOfPage.All.Select(call => call.Split(" > ")[1])));
        Assert.Empty(CallsOfPage.WaysAround);
    }

    /// <summary>What is taken for a read is one: whoever only looks sends nothing else.</summary>
    [Fact]
    public async Task Looking_ChangesNothing()
    {
        await using var host = await StartAsync();
        var page = host.Open("/");
        Assert.Null(await host.Viewer.SignInAsync(host.RootKey));
        foreach (var tab in Address.Tabs)
        {
            host.Go($"/?tab={tab}&agent=a");
            page.WaitForAssertion(() => Assert.Contains("Evidence of life", page.Markup, StringComparison.Ordinal));
            foreach (var look in page.FindAll("main button").Select(button => button.TextContent).Where(s_looks.Contains).ToList())
            {
                await page.PressAsync(look, "main");
            }
        }

        Assert.Empty(host.Writes);
    }

    private static CreateKeyRequest Elsewhere => new()
    {
        Scopes = [Scopes.MeshRead, Scopes.Steer, Scopes.Kill, Scopes.KeysMint], Within = ["subtree:other"],
    };

    private static async Task<PageHost> StartAsync()
    {
        var host = await PageHost.StartAsync();
        foreach (var (id, cluster) in ((string, string)[])[("a", "blue"), ("b", "blue"), ("other", "red")])
        {
            await host.Root.RegisterAsync(new RegisterAgentRequest
            {
                AgentId = id, Cluster = cluster, Ttl = 600, Specializations = [new() { Name = "ocr" }],
            });
        }

        await host.Root.CreateKeyAsync(new CreateKeyRequest { SessionKey = "victim", Scopes = [Scopes.MeshRead] });
        return host;
    }

    private static async Task<long> RevisionAsync(PageHost host) => (await host.Root.StatusAsync()).Revision;

    /// <summary>What the mesh says to the same call with the same key.</summary>
    private static async Task<string> ReasonAsync(PageHost host, PageAct act, string key)
    {
        var victim = (await host.Root.KeysAsync()).Keys.Single(key => key.SessionKey == "victim").KeyId!;
        using var mesh = host.Client(key);
        var thrown = await Record.ExceptionAsync(() => act.CallAsync(mesh, victim));
        return thrown is NobodyException ? "None of them is" : Assert.IsType<MeshException>(thrown).Message;
    }

    private static string Said(IRenderedComponent<IComponent> page) =>
        string.Join('\n', page.FindAll("[role=alert], [role=status]").Select(said => said.TextContent));
}
