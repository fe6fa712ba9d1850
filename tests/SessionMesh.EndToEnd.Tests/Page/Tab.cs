using System.Collections.Concurrent;
using Microsoft.Playwright;
using SessionMesh.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace SessionMesh.EndToEnd.Tests.Page;

/// <summary>The page in one tab, by what a person or a screen reader finds in it.</summary>
internal sealed class Tab : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly string _rootKey;
    private readonly ConcurrentQueue<string> _faults = new();

    public Tab(IBrowserContext context, IPage page, string rootKey)
    {
        (_context, Page, _rootKey) = (context, page, rootKey);
        page.PageError += (_, error) => _faults.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
            {
                _faults.Enqueue(message.Text);
            }
        };
    }

    public IPage Page { get; }

    /// <summary>What went wrong in the page's scripts, or was refused by its policy.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    /// <summary>A button of the dialog that is open.</summary>
    public ILocator DialogButton(string name) =>
        Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Box(string name) => Page.GetByRole(AriaRole.Textbox, new() { Name = name, Exact = true });

    public Task GoAsync(string path = "/") => Page.GotoAsync(path);

    public Task TabAsync(string name) => Page.GetByRole(AriaRole.Tab, new() { Name = name, Exact = true }).ClickAsync();

    /// <summary>Signs in and waits for the overview.</summary>
    /// <param name="key">The root key unless given.</param>
    public async Task SignInAsync(string? key = null, string path = "/")
    {
        await GoAsync(path);
        await Box("Key").FillAsync(key ?? _rootKey);
        await Button("Sign in").ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Tablist)).ToBeVisibleAsync();
    }

    /// <summary>Opens the drawer of an agent.</summary>
    public async Task DrawerAsync(string agent)
    {
        await TabAsync("Agents");
        await Button(agent).ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Complementary)).ToBeVisibleAsync();
        await Expect(Page.Locator("#drawer-title")).ToBeFocusedAsync(); // the drawer takes the focus once it is there
    }

    /// <summary>Waits until the page shows a text somewhere.</summary>
    public Task ShowsAsync(string text) => Expect(Page.GetByText(text).First).ToBeVisibleAsync();

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}
