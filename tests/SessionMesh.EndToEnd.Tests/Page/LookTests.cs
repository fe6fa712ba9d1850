using System.Text.Json;
using Microsoft.Playwright;
using SessionMesh.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SessionMesh.EndToEnd.Tests.Page;

/// <summary>
/// How the page looks, to eyes and to whoever reads it otherwise: axe-core finds no fault in any tab, and a picture of each is in
/// artifacts/screenshots for people to look at.
/// </summary>
[Collection(PageCollection.Name)]
public sealed class LookTests(Chromium chromium) : IAsyncLifetime
{
    private static readonly string[] s_tabs =
        ["Overview", "Agents", "Lineage", "Registry", "Sessions", "Keys", "Audit", "Events"];

    private Mesh _mesh = null!;

    private static string Axe => File.ReadAllText(Path.Combine(Built.Repository, "artifacts", "npm", "axe.min.js"));

    private static string Pictures => Directory.CreateDirectory(Path.Combine(Built.Repository, "artifacts", "screenshots")).FullName;

    public async Task InitializeAsync()
    {
        _mesh = await Mesh.StartAsync();
        await SeedAsync();
    }

    public Task DisposeAsync() => _mesh.DisposeAsync();

    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Light, 380)]
    [InlineData(ColorScheme.Dark, 1280)]
    [InlineData(ColorScheme.Dark, 380)]
    public async Task Tab_EachOne_HasNoFaultThatAxeFinds(ColorScheme scheme, int width)
    {
        var faults = new List<string>();
        await using var tab = await chromium.OpenAsync(_mesh, scheme, width);
        await tab.GoAsync();
        await Expect(tab.Box("Key")).ToBeVisibleAsync();
        await LookAsync("sign-in");
        await tab.SignInAsync();
        foreach (var name in s_tabs)
        {
            await tab.TabAsync(name);
            await Expect(tab.Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true }))
                .ToHaveAttributeAsync("aria-selected", "true");
            await LookAsync(name);
        }

        await tab.GoAsync("/?tab=nodes"); // of a server that is alone it is there for whoever asks
        await tab.ShowsAsync("One server runs on this mesh.");
        await LookAsync("nodes");
        await tab.GoAsync("/?tab=agents&cluster=shop&label=team");
        await tab.ShowsAsync("takes name=value");
        await tab.ShowsAsync("0 agents");
        await LookAsync("filters");
        await tab.GoAsync("/?tab=agents&cluster=shop&subtree=planner");
        await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Select all" }).ClickAsync();
        await tab.Button("Pause").ClickAsync();
        await Expect(tab.DialogButton("Pause")).ToBeVisibleAsync();
        await LookAsync("matching");
        await tab.Page.Keyboard.PressAsync("Escape");

        await tab.DrawerAsync("planner");
        await Expect(tab.Page.Locator(".directives li").First).ToBeVisibleAsync();
        await LookAsync("drawer");
        await tab.Button("Steer").ClickAsync();
        await Expect(tab.Box("Direction")).ToBeVisibleAsync();
        await LookAsync("steer");
        await tab.Page.Keyboard.PressAsync("Escape");
        await tab.Button("Kill").ClickAsync();
        await Expect(tab.DialogButton("Kill")).ToBeVisibleAsync();
        await LookAsync("kill");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.Empty(tab.Faults);

        async Task LookAsync(string what)
        {
            // All is read, and painted.
            await Expect(tab.Page.Locator(".loading, .grid-cell-placeholder, canvas[height='0']")).ToHaveCountAsync(0);
            await tab.Page.ScreenshotAsync(new()
            {
                Path = Path.Combine(Pictures, $"{what.ToLowerInvariant()}-{scheme.ToString().ToLowerInvariant()}-{width}.png"),
            });
            await tab.Page.EvaluateAsync(Axe);
            var found = await tab.Page.EvaluateAsync<JsonElement>("axe.run()");
            faults.AddRange(found.GetProperty("violations").EnumerateArray().Select(fault =>
                $"{what}: {fault.GetProperty("id")}: {fault.GetProperty("nodes")[0].GetProperty("html")}"));
            if (!await tab.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"))
            {
                faults.Add($"{what} is too wide for its screen");
            }
        }
    }

    /// <summary>Some of everything: teams in two clusters, loads, notes, the paused, stalled, dead, and inboxes.</summary>
    private async Task SeedAsync()
    {
        await RegisterAsync("planner", "shop", null, "planning");
        foreach (var (team, size) in new[] { ("writer", 9), ("reviewer", 6), ("tester", 14) })
        {
            await RegisterAsync(team + "-lead", "shop", "planner", team);
            for (var i = 1; i <= size; i++)
            {
                await RegisterAsync($"{team}-{i}", team == "tester" ? "lab" : "shop", team + "-lead", team);
                var activity = i % 4 == 0 ? "waiting" : "working";
                var beat = $$"""{"load":{{(i * 37 % 100) / 100.0}},"activity":"{{activity}}","note":"step {{i}}"}""";
                Assert.True((await _mesh.Http.PostAsync($"agents/{team}-{i}/heartbeat", beat)).IsDone);
            }
        }

        await _mesh.Http.PostAsync("steer", """{"agent_id":"planner","direction":"north","message":"Leave the checkout out."}""");
        await _mesh.Http.PostAsync("agents/planner/directives/1/ack", """{"state":"acknowledged"}""");
        await _mesh.Http.PostAsync("steer", """{"agent_id":"planner","direction":"east"}""");
        await _mesh.Http.PostAsync("steer", """{"agent_id":"writer-2","verb":"pause"}""");
        await _mesh.Http.PostAsync("agents/writer-2/directives/1/ack", """{"state":"acknowledged"}""");
        await _mesh.Http.PostAsync("agents/tester-9/exit", """{"incarnation":1,"exit_code":1}""");
        await _mesh.Http.DeleteAsync("agents/reviewer-3?grace=60");
        await _mesh.Http.PostAsync("agents", """{"agent_id":"spare","start":false,"specializations":["writer"]}""");
        await _mesh.Http.PostAsync("sessions", """{"id":"job-1","user":"alice","meta":{"branch":"main"}}""");
        await _mesh.Http.PostAsync("keys", """{"session_key":"ci","scopes":["mesh:read","steer"],"ttl":3600}""");
    }

    private async Task RegisterAsync(string id, string cluster, string? parent, string specialization)
    {
        var above = parent is null ? "" : $",\"parent_id\":\"{parent}\"";
        var answer = await _mesh.Http.PostAsync(
            "agents",
            $$"""{"agent_id":"{{id}}","ttl":3600,"cluster":"{{cluster}}","specializations":["{{specialization}}"]{{above}}}""");
        Assert.True(answer.IsDone, answer.ToString());
    }
}
