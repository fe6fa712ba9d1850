using System.Text.Json;
using Microsoft.Playwright;
using SessionMesh.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SessionMesh.EndToEnd.Tests.Page;

/// <summary>What hands and lines do to the page: buttons pressed twice, focus, what comes back in another order than it was sent.</summary>
[Collection(PageCollection.Name)]
public sealed class MishapTests(Chromium chromium) : IAsyncLifetime
{
    private Mesh _mesh = null!;

    public async Task InitializeAsync() => _mesh = await Mesh.StartAsync();

    public Task DisposeAsync() => _mesh.DisposeAsync();

    /// <summary>Three presses are on their way before the first is answered, as after a double click or a line that hung.</summary>
    [Theory]
    [InlineData("Steer", "Send")]
    [InlineData("Pause", "Pause")]
    public async Task Act_PressedThreeTimes_ActsOnce(string act, string last)
    {
        await RegisterAsync("worker-1");
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.DrawerAsync("worker-1");
        await tab.Button(act).ClickAsync();
        if (act == "Steer")
        {
            await tab.Box("Direction").FillAsync("north");
        }

        await PressThriceAsync(tab.DialogButton(last));
        await tab.ShowsAsync(" requested of worker-1: queued.");
        await Expect(tab.Page.Locator(".directives li")).Not.ToHaveCountAsync(0);
        await tab.Button("Resume").ClickAsync(); // heard after all that was pressed before
        await Expect(tab.DialogButton("Resume")).ToBeVisibleAsync();
        Assert.Equal(1, (await _mesh.Http.GetAsync("agents/worker-1/directives/history")).Json.GetProperty("directives").GetArrayLength());
    }

    /// <summary>The second would have had its secret in place of the first one's, which nobody saw.</summary>
    [Fact]
    public async Task Mint_PressedThreeTimes_MakesOneKey()
    {
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.TabAsync("Keys");
        await tab.Button("Mint a key").ClickAsync();
        await tab.Box("Name").FillAsync("thrice");
        await PressThriceAsync(tab.DialogButton("Mint"));
        await Expect(tab.Page.Locator("#minted-token")).ToBeVisibleAsync();
        await tab.Button("Look again").ClickAsync();
        var keys = (await _mesh.Http.GetAsync("keys")).Json.GetProperty("keys").EnumerateArray();
        Assert.Single(keys, key => key.GetProperty("session_key").GetString() == "thrice");
        var audit = (await _mesh.Http.GetAsync("audit?limit=100")).Json.GetProperty("entries").EnumerateArray();
        Assert.Equal(2, audit.Count(entry => entry.GetProperty("operation").GetString() == "key.minted")); // with the root key
    }

    /// <summary>A line that hangs says nothing for half a minute: the page does, and what was pressed is done once.</summary>
    [Fact]
    public async Task Line_ThatHangs_IsSaid_AndNothingIsDoneTwice()
    {
        await RegisterAsync("worker-1");
        await using var tab = await chromium.OpenAsync(_mesh);
        var line = new Line();
        await tab.Page.RouteWebSocketAsync("**/_blazor**", line.Take);
        await tab.SignInAsync();
        await tab.DrawerAsync("worker-1");
        await tab.Button("Pause").ClickAsync();
        await Expect(tab.DialogButton("Pause")).ToBeVisibleAsync();
        line.Hold();
        await tab.DialogButton("Pause").ClickAsync();
        await tab.ShowsAsync("The server has not answered yet.");
        await tab.DialogButton("Pause").ClickAsync();
        line.LetGo();
        await tab.ShowsAsync("pause requested of worker-1: queued.");
        await Expect(tab.Page.Locator("#waiting")).ToBeHiddenAsync();
        Assert.Equal(1, (await _mesh.Http.GetAsync("agents/worker-1/directives/history")).Json.GetProperty("directives").GetArrayLength());
    }

    /// <summary>Keys are faster than a line: that the browser took an address comes back when the page is further.</summary>
    [Fact]
    public async Task Tabs_GoneThroughFast_NeverGoBack()
    {
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        var seen = await tab.Page.EvaluateAsync<string[]>("""
            async () => {
                const selected = () => document.querySelector('[role=tab][aria-selected=true]').textContent;
                const seen = [selected()];
                new MutationObserver(() => selected() === seen.at(-1) || seen.push(selected())).observe(
                    document.querySelector('[role=tablist]'), { subtree: true, attributes: true });
                for (let i = 0; i < 4; i++) {
                    document.querySelector('[role=tab]').dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
                }
                await new Promise(done => setTimeout(done, 1500));
                return seen;
            }
            """);
        Assert.Equal(seen.Distinct(), seen);
        Assert.Equal("Sessions", seen[^1]);
        await tab.Page.GoBackAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Tab, new() { Name = "Registry" })).ToHaveAttributeAsync("aria-selected", "true");
    }

    [Fact]
    public async Task Focus_GoesBackToWhereItCameFrom()
    {
        await RegisterAsync("worker-1");
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.DrawerAsync("worker-1");
        await tab.Button("Kill").PressAsync("Enter");
        await tab.DialogButton("Cancel").PressAsync("Enter");
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(tab.Button("Kill")).ToBeFocusedAsync();
        await tab.Button("Close the drawer").PressAsync("Enter");
        await Expect(tab.Button("worker-1")).ToBeFocusedAsync();
    }

    /// <summary>On a screen on end, and with large letters, rows were blank; numbers of rows were those of the window.</summary>
    [Fact]
    public async Task Rows_AreThere_WhateverTheScreen_AndAreNumberedInTheWholeTable()
    {
        await Parallel.ForEachAsync(Enumerable.Range(1000, 400), async (i, _) => await RegisterAsync($"agent-{i}"));
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.TabAsync("Agents");
        await tab.ShowsAsync("400 agents");
        foreach (var (height, letters) in new[] { (800, 16), (2400, 16), (800, 24) })
        {
            await tab.Page.SetViewportSizeAsync(1280, height);
            await tab.Page.EvaluateAsync($"document.documentElement.style.fontSize = '{letters}px'");
            foreach (var at in new[] { 0.0, 0.37, 0.6, 1 })
            {
                await tab.Page.Locator(".table").EvaluateAsync("(box, at) => { box.scrollTop = at * box.scrollHeight; }", at);
                await tab.Page.WaitForFunctionAsync("""
                    () => {
                        const box = document.querySelector('.table');
                        const rows = [...box.querySelectorAll('tbody tr')];
                        const seen = box.getBoundingClientRect();
                        const first = rows[0].getBoundingClientRect();
                        const head = box.querySelector('thead').getBoundingClientRect();
                        return first.top <= head.bottom + 1 && rows.at(-1).getBoundingClientRect().bottom >= seen.bottom - 4
                            && rows.every(row => row.cells[1].textContent.trim() === 'agent-' + (998 + Number(row.ariaRowIndex)));
                    }
                    """);
            }
        }

        await tab.Page.GetByLabel("Search").FillAsync("agent-13");
        await tab.Page.Keyboard.PressAsync("Enter");
        await tab.ShowsAsync("100 agents");
        await Expect(tab.Button("agent-1300")).ToBeInViewportAsync();
    }

    /// <summary>Something that nobody foresaw ends the page. It says so, and offers to begin anew.</summary>
    [Fact]
    public async Task Page_ThatFails_SaysSo()
    {
        await RegisterAsync("worker-1");
        await using var tab = await chromium.OpenAsync(_mesh);
        await tab.SignInAsync();
        await tab.DrawerAsync("worker-1");
        await tab.Page.EvaluateAsync("""sessionStorage.setItem('session-mesh.draft', '{"Ids":null}')""");
        await tab.Button("Steer").ClickAsync();
        await tab.ShowsAsync("The page met an error of its own and has stopped.");
        await tab.Page.EvaluateAsync("sessionStorage.removeItem('session-mesh.draft')");
        await tab.Button("Load it anew").ClickAsync();
        await Expect(tab.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(tab.Page.GetByRole(AriaRole.Complementary)).ToContainTextAsync("worker-1");
    }

    private static Task<JsonElement?> PressThriceAsync(ILocator button) =>
        button.EvaluateAsync("button => { button.click(); button.click(); button.click(); }");

    private async Task RegisterAsync(string id) =>
        Assert.Equal(201, (await _mesh.Http.PostAsync("agents", $$"""{"agent_id":"{{id}}","ttl":600}""")).Status);

    /// <summary>The line between a tab and the server. What is sent while it is held arrives later, in order.</summary>
    private sealed class Line
    {
        private readonly Lock _gate = new();
        private List<Action>? _held;

        public void Take(IWebSocketRoute tab)
        {
            var server = tab.ConnectToServer();
            tab.OnMessage(frame => Pass(frame, server));
            server.OnMessage(frame => Pass(frame, tab));
        }

        public void Hold()
        {
            lock (_gate)
            {
                _held = [];
            }
        }

        public void LetGo()
        {
            lock (_gate)
            {
                _held?.ForEach(pass => pass());
                _held = null;
            }
        }

        private void Pass(IWebSocketFrame frame, IWebSocketRoute to)
        {
            lock (_gate)
            {
                if (_held is not null)
                {
                    _held.Add(() => Send(frame, to));
                }
                else
                {
                    Send(frame, to);
                }
            }
        }

        private static void Send(IWebSocketFrame frame, IWebSocketRoute to)
        {
            if (frame.Binary is { } bytes)
            {
                to.Send(bytes);
            }
            else
            {
                to.Send(frame.Text!);
            }
        }
    }
}
