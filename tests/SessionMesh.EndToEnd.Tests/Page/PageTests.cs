using System.Globalization;
using Microsoft.Playwright;
using SessionMesh.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SessionMesh.EndToEnd.Tests.Page;

/// <summary>The live page in a real browser, over a real server with real agents.</summary>
[Collection(PageCollection.Name)]
public sealed class PageTests(Chromium chromium) : IAsyncLifetime
{
    private Mesh _mesh = null!;

    public async Task InitializeAsync() => _mesh = await Mesh.StartAsync();

    public Task DisposeAsync() => _mesh.DisposeAsync();

    [Fact]
    public async Task SignIn_WithAKeyOnly_AndTheTabKeepsIt_ButNoAddressAndNoCookie()
    {
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.GoAsync();
        await tab.Box("Key").FillAsync("smk_aaaaaaaaaaaa_none");
        await tab.Button("Sign in").ClickAsync();
        await tab.ShowsAsync("The mesh does not know this key");
        await tab.Box("Key").FillAsync(_mesh.Server.RootKey);
        await tab.Button("Sign in").ClickAsync();
        await tab.ShowsAsync("No agent is known yet.");
        await tab.Page.ReloadAsync();
        await tab.ShowsAsync("No agent is known yet.");
        Assert.DoesNotContain("smk_", tab.Page.Url, StringComparison.Ordinal);
        Assert.Empty(await tab.Page.Context.CookiesAsync());
        await tab.Button("Sign out").ClickAsync();
        await Expect(tab.Box("Key")).ToBeVisibleAsync();
        await tab.Page.ReloadAsync();
        await Expect(tab.Box("Key")).ToBeVisibleAsync();
        Assert.Empty(tab.Faults);
    }

    [Fact]
    public async Task Agents_ComeAndGo_WhileOneLooks()
    {
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        using var first = _mesh.Start("run", "--agent-id", "worker-1", "--", "sleep", "600");
        await tab.ShowsAsync("1 alive");
        await tab.TabAsync("Agents");
        await Expect(tab.Button("worker-1")).ToBeVisibleAsync();
        first.Send(Signal.Term);
        await Expect(tab.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "worker-1" })).ToContainTextAsync("dead");
        Assert.Empty(tab.Faults);
    }

    /// <summary>A real child that reads what it is told: queued, delivered, accepted by its runner, acknowledged by its handler.</summary>
    [Fact]
    public async Task Steer_IsRequested_UntilTheAgentHasIt()
    {
        await using var tab = await chromium.OpenAsync(_mesh);
        using var worker = _mesh.Start("run", "--agent-id", "worker-1", "--on-steer", "true", "--", "sleep", "600");
        await tab.SignInAsync();
        await tab.DrawerAsync("worker-1");
        await tab.Button("Steer").ClickAsync();
        await tab.Box("Direction").FillAsync("north");
        await tab.Box("Message").FillAsync("look at the second page");
        await tab.Button("Send").ClickAsync();
        await tab.ShowsAsync("steer requested of worker-1:");
        await Expect(tab.Page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("north");
        await Expect(tab.Page.Locator(".state-acknowledged")).ToHaveTextAsync("acknowledged");
        Assert.Empty(tab.Faults);
    }

    [Fact]
    public async Task Kill_TakesDescendants_AndIsSeenToBeDone()
    {
        await using var tab = await chromium.OpenAsync(_mesh);
        using var lead = _mesh.Start("run", "--agent-id", "lead", "--", "sleep", "600");
        await _mesh.Http.AgentAsync("lead", agent => agent.Text("status") == "alive", "is alive");
        using var helper = _mesh.Start("run", "--agent-id", "helper", "--parent", "lead", "--", "sleep", "600");
        await _mesh.Http.AgentAsync("helper", agent => agent.Text("status") == "alive", "is alive");
        await tab.SignInAsync();
        await tab.DrawerAsync("lead");
        await tab.Button("Kill").ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("helper");
        await tab.DialogButton("Kill").ClickAsync();
        await tab.ShowsAsync("kill requested of lead, with 1 below it");
        await Expect(tab.Page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("confirmed");
        await Expect(tab.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "helper" })).ToContainTextAsync("dead");
        await lead.ExitAsync();
        await helper.ExitAsync();
    }

    [Fact]
    public async Task Many_ArePausedTogether()
    {
        for (var i = 1; i <= 5; i++)
        {
            await RegisterAsync($"agent-{i}");
        }

        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.TabAsync("Agents");
        await Expect(tab.Button("agent-5")).ToBeVisibleAsync();
        await tab.Button("Choose all shown").ClickAsync();
        await tab.ShowsAsync("5 agents, 5 chosen");
        await tab.Button("Pause").ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Pause 5 agents?");
        await tab.DialogButton("Pause").ClickAsync();
        await tab.ShowsAsync("pause requested of 5 agents.");
        foreach (var i in Enumerable.Range(1, 5))
        {
            Assert.Equal("pause", (await _mesh.Http.GetAsync($"agents/agent-{i}/directives/history"))
                .Json.GetProperty("directives")[0].GetProperty("verb").GetString());
        }
    }

    /// <summary>As many as can be chosen; the ids travel in the address of the request.</summary>
    [Fact]
    public async Task Thousand_AreChosen_AndStoppedTogether()
    {
        var many = new ParallelOptions { MaxDegreeOfParallelism = 16 };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 1001), many, async (i, _) => await RegisterAsync($"a-worker-with-a-rather-long-name-{i:0000}"));
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.TabAsync("Agents");
        await tab.ShowsAsync("1,001 agents");
        await tab.Button("Choose all shown").ClickAsync();
        await tab.ShowsAsync("1,001 agents, 1,000 chosen");
        await tab.Button("Kill").ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Kill 1,000 agents?");
        await tab.DialogButton("Kill").ClickAsync();
        await tab.ShowsAsync("kill requested of 1,000 agents;");
        Assert.Equal("alive", (await _mesh.Http.GetAsync("agents/a-worker-with-a-rather-long-name-1000")).Text("status"));
        Assert.Empty(tab.Faults);
    }

    /// <summary>By one request by selector; another count than the one that was confirmed is confirmed anew.</summary>
    [Fact]
    public async Task All_ThatMatch_ArePausedByOneRequest()
    {
        for (var i = 1; i <= 3; i++)
        {
            await RegisterAsync($"shop-{i}", ""","cluster":"shop","labels":{"env":"prod"}""");
        }

        await RegisterAsync("lab-1", ""","cluster":"lab","labels":{"env":"prod"}""");
        await using var tab = await chromium.OpenAsync(_mesh, width: 380);
        await tab.SignInAsync();
        await tab.TabAsync("Agents");
        await tab.ShowsAsync("4 agents");
        await tab.Box("Cluster").FillAsync("shop");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.ShowsAsync("3 agents");
        await tab.Page.GetByText("More filters").ClickAsync();
        await tab.Box("Labels").FillAsync("env");
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.Box("Labels")).ToHaveAccessibleDescriptionAsync(
            "takes name=value or name!=value, several with commas, not 'env' at character 1");
        await tab.ShowsAsync("3 agents from before");
        await tab.Box("Labels").FillAsync("env=prod");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.Button("Select all 3 that match").ClickAsync();
        await tab.Button("Pause").ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Pause 3 agents?");
        await RegisterAsync("shop-4", ""","cluster":"shop","labels":{"env":"prod"}""");
        await tab.DialogButton("Pause").ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("The selector matches 4 agents, not 3. Nothing was sent.");
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Pause 4 agents?");
        await tab.DialogButton("Pause").ClickAsync();
        await tab.ShowsAsync("pause requested of 4 agents.");
        Assert.Equal(0, (await _mesh.Http.GetAsync("agents/lab-1/directives/history")).Json.GetProperty("directives").GetArrayLength());
        await tab.Page.GoBackAsync();
        await tab.Page.GoBackAsync();
        await tab.ShowsAsync("4 agents");
        await Expect(tab.Box("Labels")).ToHaveValueAsync("");
        await Expect(tab.Box("Cluster")).ToHaveValueAsync("shop");
        Assert.Empty(tab.Faults);
    }

    [Fact]
    public async Task Key_IsMintedAndShownOnce_AndARevokedOneIsSignedOutAtOnce()
    {
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.TabAsync("Keys");
        await tab.Button("Mint a key").ClickAsync();
        await tab.Box("Name").FillAsync("page-test");
        await tab.DialogButton("Mint").ClickAsync();
        var token = await tab.Page.Locator("#minted-token").TextContentAsync();
        Assert.StartsWith("smk_", token, StringComparison.Ordinal);
        await tab.Button("I have it").ClickAsync();
        await Expect(tab.Page.Locator("#minted-token")).ToHaveCountAsync(0);
        Assert.DoesNotContain(token!, await tab.Page.ContentAsync(), StringComparison.Ordinal);

        await using var other = await chromium.OpenAsync(_mesh);
        await other.SignInAsync(token);
        await other.ShowsAsync("page-test");
        await tab.Button("revoke page-test").ClickAsync();
        await tab.DialogButton("Revoke").ClickAsync();
        await other.ShowsAsync("This key has ended, so you are signed out.");
        await other.Page.ReloadAsync();
        await Expect(other.Box("Key")).ToBeVisibleAsync();
    }

    /// <summary>Back as it was: signed in, the same drawer, and what was half typed.</summary>
    [Fact]
    public async Task Server_ThatRestarts_CostsNothingThatWasTyped()
    {
        await RegisterAsync("worker-1");
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.DrawerAsync("worker-1");
        await tab.Button("Steer").ClickAsync();
        await tab.Box("Direction").FillAsync("north");
        await tab.Box("Message").FillAsync("half a sent");
        await _mesh.Server.KillAsync();
        await Expect(tab.Page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        await _mesh.Server.StartAsync();
        await Expect(tab.Page.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
        await Expect(tab.Box("Message")).ToHaveValueAsync("half a sent");
        await Expect(tab.Box("Direction")).ToHaveValueAsync("north");
        await tab.Button("Send").ClickAsync();
        await tab.ShowsAsync("steer requested of worker-1: queued.");
    }

    /// <summary>Text from agents is text: no script runs, no line turns round, and nothing is hidden.</summary>
    [Fact]
    public async Task Texts_FromAgents_DoNothing()
    {
        const string hostile = "<img src=x onerror=alert(1)>\\u202e<script>alert(2)</script>";
        await RegisterAsync(
            "evil", $$"""
            ,"cluster":"{{hostile}}","user":"{{hostile}}","labels":{"project":"{{hostile}}"},"specializations":["{{hostile}}"]
            """);
        Assert.True((await _mesh.Http.PostAsync("agents/evil/heartbeat", $$"""{"note":"{{hostile}}"}""")).IsDone);
        await _mesh.Http.PostAsync("steer", $$"""{"agent_id":"evil","direction":"{{hostile}}","message":"{{hostile}}"}""");
        await _mesh.Http.PostAsync("sessions", $$"""{"id":"s","user":"{{hostile}}","meta":{"k":"{{hostile}}"} }""");
        await using var tab = await chromium.OpenAsync(_mesh);
        tab.Page.Dialog += (_, dialog) => Assert.Fail($"a script ran: {dialog.Message}");
        await tab.SignInAsync();
        await tab.DrawerAsync("evil");
        await tab.ShowsAsync("⟨U+202E⟩");
        foreach (var name in (string[])["Overview", "Agents", "Lineage", "Registry", "Sessions", "Keys", "Audit", "Events"])
        {
            await tab.TabAsync(name);
            await Expect(tab.Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true }))
                .ToHaveAttributeAsync("aria-selected", "true");
            Assert.Equal(0, await tab.Page.Locator("main img, main script").CountAsync());
        }

        Assert.Empty(tab.Faults);
    }

    /// <summary>Everything is reached without a mouse, and Escape leaves a dialog.</summary>
    [Fact]
    public async Task Keyboard_Suffices()
    {
        await RegisterAsync("worker-1");
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.GoAsync();
        await tab.Box("Key").FocusAsync();
        await tab.Page.Keyboard.InsertTextAsync(_mesh.Server.RootKey);
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.Page.GetByRole(AriaRole.Tablist)).ToBeVisibleAsync();
        await tab.Page.GetByRole(AriaRole.Tab, new() { Name = "Overview" }).FocusAsync();
        await tab.Page.Keyboard.PressAsync("ArrowRight");
        await Expect(tab.Page.GetByRole(AriaRole.Tab, new() { Name = "Agents" })).ToBeFocusedAsync();
        await Expect(tab.Button("worker-1")).ToBeVisibleAsync();
        await tab.Button("worker-1").FocusAsync();
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.Page.Locator("#drawer-title")).ToBeFocusedAsync();
        await tab.Button("Kill").FocusAsync();
        await tab.Page.Keyboard.PressAsync("Enter");
        await Expect(tab.DialogButton("Kill")).ToBeVisibleAsync();
        await tab.Page.Keyboard.PressAsync("Escape");
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Equal("alive", (await _mesh.Http.GetAsync("agents/worker-1")).Text("status"));
    }

    [Fact]
    public async Task Address_HoldsTabFilterAndAgent_AndBackGoesBack()
    {
        await RegisterAsync("worker-1");
        await RegisterAsync("other");
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync(path: "/?tab=agents&q=worker&agent=worker-1");
        await Expect(tab.Page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("worker-1");
        await tab.ShowsAsync("1 agent");
        await Expect(tab.Button("other")).ToHaveCountAsync(0);
        await tab.TabAsync("Keys");
        await Expect(tab.Page).ToHaveURLAsync(_mesh.Server.Url + "/?tab=keys");
        await tab.Page.GoBackAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("worker-1");
    }

    [Fact]
    public async Task TenThousand_AreAllThere_AndOneIsFound()
    {
        var many = new ParallelOptions { MaxDegreeOfParallelism = 32 };
        await Parallel.ForEachAsync(Enumerable.Range(0, 10_000), many, async (i, _) => await RegisterAsync($"agent-{i}"));
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.ShowsAsync("10,000");
        await tab.TabAsync("Agents");
        await tab.ShowsAsync("10,000 agents");
        await Expect(tab.Button("agent-0")).ToBeVisibleAsync();
        Assert.InRange(await tab.Page.GetByRole(AriaRole.Row).CountAsync(), 10, 200); // what is not seen is not drawn
        await tab.Page.GetByLabel("Search").FillAsync("agent-7777");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.ShowsAsync("1 agent");
        await tab.Button("agent-7777").ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("last heartbeat");
        Assert.Empty(tab.Faults);
    }

    [Fact]
    public async Task Dashboard_OfTheTool_SignsInByACode_ThatWorksOnce()
    {
        var printed = (await _mesh.DoneAsync("session-mesh dashboard --print -o json")).Out;
        var url = Members.Parse(printed).GetProperty("url").GetString()!;
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.Page.GotoAsync(url);
        await tab.ShowsAsync("No agent is known yet.");
        Assert.Equal(_mesh.Server.Url + "/", tab.Page.Url);
        await using var late = await chromium.OpenAsync(_mesh);
        await late.Page.GotoAsync(url);
        await late.ShowsAsync("This code is not known");
    }

    private async Task RegisterAsync(string id, string more = "") =>
        Assert.Equal(201, (await _mesh.Http.PostAsync(
            "agents", string.Create(CultureInfo.InvariantCulture, $$"""{"agent_id":"{{id}}","ttl":600{{more}}}"""))).Status);
}
