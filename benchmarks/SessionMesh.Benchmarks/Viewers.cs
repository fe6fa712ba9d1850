using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;

namespace SessionMesh.Benchmarks;

/// <summary>
/// The live page in Debian's Chromium: how long a person waits, and what a viewer costs the server and the machine. The browser shares the
/// cores with the server. Prints lines of NAME TAB VALUE.
/// </summary>
internal static class Viewers
{
    private const string Browser = "/usr/bin/chromium";

    // A person's times are taken inside the page, from the click to the picture after it: the driver of the browser costs 100 ms a step.
    private const string Until = """
        const until = (act, done) => new Promise(resolve => {
            const began = performance.now();
            const look = () => {
                if (done()) {
                    observer.disconnect();
                    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
                }
            };
            const observer = new MutationObserver(look);
            observer.observe(document.body, { subtree: true, childList: true, characterData: true });
            act();
        });
        const row = () => document.querySelector('.grid tbody button.link')?.textContent;
        const median = async (times, one) => {
            const all = [];
            for (let i = 0; i < times; i++) {
                all.push(await one(i));
                await new Promise(resolve => setTimeout(resolve, 500));
            }
            return all.sort((a, b) => a - b)[times >> 1];
        };
        """;

    /// <summary>The drawers of eleven agents, one after the other, each until what it shows of the agent is there; the median.</summary>
    private const string Drawer = "async () => {" + Until + """
        return await median(11, i => {
            const rows = document.querySelectorAll('.grid tbody button.link');
            const name = rows[i % rows.length].textContent;
            return until(() => rows[i % rows.length].click(), () =>
                document.getElementById('drawer-title')?.textContent === name && document.querySelector('.drawer dt'));
        });
        }
        """;

    /// <summary>Eleven searches, each until the rows that match are there; the median.</summary>
    private const string Filter = "async () => {" + Until + """
        const search = document.querySelector('input[type=search]');
        const bubbling = { bubbles: true };
        return await median(11, i => {
            const name = `agent-${i + 30}`;
            return until(() => { search.value = name; search.dispatchEvent(new Event('change', bubbling)); }, () => row() === name);
        });
        }
        """;

    /// <param name="url">The server's, on this machine.</param>
    /// <param name="agents">How many it has.</param>
    /// <param name="seconds">How long each state is watched for what it costs.</param>
    /// <param name="server">The server's process.</param>
    public static async Task<int> RunAsync(string url, int agents, int seconds, int server)
    {
        var key = Environment.GetEnvironmentVariable("SESSION_API_KEY")!;
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Browser,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        var before = await CostAsync(server, seconds);
        var memory = Resident(server);
        var page = await OpenAsync(browser, url);

        await SignInAsync(page, key);
        var began = Stopwatch.GetTimestamp();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.Locator("canvas:not([height='0'])").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.GetByText(agents.ToString("N0", CultureInfo.InvariantCulture), new() { Exact = true }).First.WaitForAsync();
        Print("first useful view, ms", Milliseconds(began));

        await Task.Delay(TimeSpan.FromSeconds(2));
        var viewed = await CostAsync(server, seconds);
        Print("a viewer's share of a core, %", (viewed - before) * 100);
        Print("the first viewer's memory in the server, MB", Resident(server) - memory);
        Print("the tab, MB", await TabAsync(browser, page));

        memory = Resident(server);
        var second = await OpenAsync(browser, url);
        await SignInAsync(second, key);
        await second.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await second.Locator("canvas:not([height='0'])").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        Print("a second viewer's, MB more", Resident(server) - memory);
        await second.Context.CloseAsync();
        await page.BringToFrontAsync();

        await page.GetByRole(AriaRole.Tab, new() { Name = "Agents" }).ClickAsync();
        var row = page.GetByRole(AriaRole.Button, new() { Name = "agent-0", Exact = true });
        await row.WaitForAsync();
        Print("a drawer, ms", await page.EvaluateAsync<double>(Drawer));
        await page.GetByRole(AriaRole.Button, new() { Name = "Close the drawer" }).ClickAsync();
        await page.Locator(".drawer").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Print("a filter, ms", await page.EvaluateAsync<double>(Filter));
        return 0;
    }

    /// <summary>Keeps tabs open on the overview until it is ended from outside; prints a line once all are there.</summary>
    public static async Task<int> WatchAsync(string url, int tabs)
    {
        var key = Environment.GetEnvironmentVariable("SESSION_API_KEY")!;
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Browser,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        for (var i = 0; i < tabs; i++)
        {
            var page = await OpenAsync(browser, url);
            await SignInAsync(page, key);
            await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
            await page.Locator("canvas:not([height='0'])").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        }

        Console.WriteLine("open");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    private static async Task<IPage> OpenAsync(IBrowser browser, string url)
    {
        var context = await browser.NewContextAsync(new() { ViewportSize = new() { Width = 1280, Height = 800 } });
        context.SetDefaultTimeout(60_000);
        var page = await context.NewPageAsync();
        await page.GotoAsync(url);
        return page;
    }

    private static Task SignInAsync(IPage page, string key) =>
        page.GetByRole(AriaRole.Textbox, new() { Name = "Key", Exact = true }).FillAsync(key);

    /// <summary>Cores that a process uses, over some seconds.</summary>
    private static async Task<double> CostAsync(int process, int seconds)
    {
        var before = Ticks(process);
        var began = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        return (Ticks(process) - before) / 100.0 / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Processor time of a process, in hundredths of a second, as Linux counts it.</summary>
    private static long Ticks(int process)
    {
        var fields = File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].Split(' ');
        return long.Parse(fields[12], CultureInfo.InvariantCulture) + long.Parse(fields[13], CultureInfo.InvariantCulture);
    }

    /// <summary>Resident memory of a process, in MB.</summary>
    private static double Resident(int process) => long.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ')[^2],
        CultureInfo.InvariantCulture) / 1024.0;

    /// <summary>Resident memory of the process that draws a tab, in MB.</summary>
    private static async Task<double> TabAsync(IBrowser browser, IPage page)
    {
        await page.BringToFrontAsync();
        var session = await browser.NewBrowserCDPSessionAsync();
        var processes = (await session.SendAsync("SystemInfo.getProcessInfo"))!.Value.GetProperty("processInfo");
        return processes.EnumerateArray().Where(process => process.GetProperty("type").GetString() == "renderer")
            .Max(process => Resident(process.GetProperty("id").GetInt32()));
    }

    private static double Milliseconds(long began) => Stopwatch.GetElapsedTime(began).TotalMilliseconds;

    private static void Print(string name, double value) =>
        Console.WriteLine($"{name}\t{value.ToString("0.#", CultureInfo.InvariantCulture)}");
}
